//! What is refused when the configuration is loaded, and in which words.

use super::*;

fn mistakes(text: &str) -> Vec<String> {
    let mistakes = Expression::parse(text).err().unwrap_or_else(|| panic!("{text} was taken"));
    mistakes.iter().map(|mistake| format!("{}; {}", mistake.wrong(), mistake.right())).collect()
}

#[test]
fn mistakes_are_found_at_load_and_say_what_would_be_right() {
    for (text, expected) in [
        (
            "claim.sub == 'x'",
            "`when` has no variable `claim`; known: claims, roles, scopes, issuer, issuer_tenant, path, now, request",
        ),
        (
            "request.metod == 'GET'",
            "`when` has no field of `request` named `metod`; known: method, host, path, headers",
        ),
        (
            "request == 1",
            "`request` by itself is no value; name one of request.method, request.host, request.path, request.headers",
        ),
        (
            "claims.sub.startswith('x')",
            "`when` has no function `startswith`; known: size, contains, startsWith, ",
        ),
        (
            "claims.sub.startsWith('x', 'y')",
            "`startsWith` is called in another way; write `text.startsWith('start')`",
        ),
        (
            "startsWith(claims.sub, 'x')",
            "`startsWith` is called in another way; write `text.startsWith('start')`",
        ),
        ("claims.sub.int() == 1", "`int` is called in another way; write `int(x)`"),
        ("size() == 1", "`size` is called in another way; write `size(x)`"),
        ("has(claims)", "`has` is not asked for a field; write `has(claims.name)`"),
        ("has(claims['x'])", "`has` is not asked for a field; write `has(claims.name)`; of a name"),
        (
            "roles",
            "the expression yields a list, and a condition is true or false; compare it with something",
        ),
        ("claims.level + 1", ""),
        ("1 + 1", "the expression yields an int, and a condition"),
        ("issuer && true", "`&&` is between conditions, and one side is a string; compare it"),
        ("!roles", "`!` is between conditions, and one side is a list"),
        ("roles == 'admin'", "`==` is between a list and a string; write `\"name\" in list`"),
        ("'a' in issuer", "`in` is between a string and a string; write `text.contains"),
        (
            "now < '2026-01-01T00:00:00Z'",
            "`<` is between a timestamp and a string; write `timestamp(…)` around the text",
        ),
        (
            "claims.exp > now",
            "`>` is between a number and a timestamp; write `timestamp(claims.exp)` for a number of seconds",
        ),
        ("now == claims['iat']", "`==` is between a timestamp and a number; write `timestamp(claims.iat)`"),
        ("now - claims.nbf < duration('1h')", "`-` is between a timestamp and a number; write `timestamp("),
        ("claims.exp + duration('1h') > now", "`+` is between a number and a duration; write `timestamp("),
        (
            "now + 3600 > timestamp(claims.exp)",
            "`+` is between a timestamp and an int; write `duration('3600s')`",
        ),
        ("now - timestamp(claims.iat) < 60", "`<` is between a duration and an int; write `duration('60s')`"),
        ("now > 1790000000", "`>` is between a timestamp and an int; write `timestamp(1790000000)` for"),
        ("claims.exp == '1'", "`==` is between a number and a string; values of different types"),
        ("claims.exp.startsWith('1')", "`startsWith` is asked of a number"),
        ("claims.exp", "the expression yields a number, and a condition"),
        ("1 + 1.0 > 2.0", "`+` is between an int and a double; write both as `int`"),
        ("claims.level > 3u", "`3u` is unsigned, and the integers of a token are `int`; write 3"),
        ("claims.sub == b'x'", "`when` has no bytes, because tokens have none; write a string"),
        ("claims.sub == Thing{a: 1}.a", "`when` has no message type `Thing`; write a map"),
        ("claims.sub.matches(claims.pattern)", "the pattern of `matches` is not written out; give a literal"),
        (
            "claims.sub.matches('(')",
            "not a regular expression that can be used here: unclosed group; it is searched for",
        ),
        (
            "claims.sub.matches('[ab]*a[ab]{40}')",
            "the regular expression is too large once compiled (256 KiB, and 1 MiB as a table, at most); use smaller \
             repetitions, and `[0-9]` for",
        ),
        ("issuer_tenant.matches(1)", "the pattern of `matches` is not written out"),
        ("roles.matches('x')", "`matches` is asked of a list; only strings match patterns"),
        (
            "claims.l.all(x, claims.m.exists(y, x == y))",
            "`exists` stands inside of another comprehension; go through",
        ),
        ("claims.l.all(x, x) && x", "`when` has no variable `x`"),
        ("claims.l.all(x.y, true)", "the first argument of `all` is not a name; write `list.all(x, … x …)`"),
        ("claims.l.all(x)", "`all` is called in another way; write `list.all(x, … x …)`"),
        ("all(claims.l, x, true)", "`all` is called in another way"),
        ("issuer.exists(x, true)", "`exists` goes through a string; only lists and maps have elements"),
        ("claims.l.filter(x, 'a')", "`filter` is between conditions"),
        (
            "request.headers['X-Tenant'][0] == 'a'",
            "the names of headers are in lower case, and `X-Tenant` is not; write 'x-tenant'",
        ),
        ("'Authorization' in request.headers", "the names of headers are in lower case"),
        (
            "request.headers.authorization[0] == 'a'",
            "`when` does not see the header `authorization`; credentials and",
        ),
        ("request.headers['x-forwarded-for'][0] == 'a'", "`when` does not see the header `x-forwarded-for`"),
        ("'cookie' in request.headers", "`when` does not see the header `cookie`"),
        (
            "request.headers['x-plan'] != 'free'",
            "`!=` is between a list and a string; a header is a list of strings: \
             write `!('free' in request.headers['x-plan'])`, or `request.headers['x-plan'][0] != 'free'`",
        ),
        (
            "path.id == request.headers.x",
            "`==` is between a string and a list; a header is a list of strings: \
             write `path.id in request.headers.x`, or `request.headers.x[0] == path.id`",
        ),
        (
            "request.headers['x'] in ['a', 'b']",
            "`in` is between a list and a list of strings; a header is a list of strings: \
             write `request.headers.x.exists(v, v in ['a', 'b'])`, or `request.headers.x[0] in ['a', 'b']`",
        ),
        ("request.headers.x in roles", "`in` is between a list and a list of strings; a header is"),
        (
            "request.headers.x > 'a'",
            "`>` is between a list and a string; a header is a list of strings: write `request",
        ),
        (
            "request.headers.exists(n, request.headers[n] == 'a')",
            "`==` is between a list and a string; a header",
        ),
        (
            "request.headers.x.contains('a')",
            "`contains` is asked of a list; a header is a list of strings: write `request.headers.x[0]` for its first \
             value, or `request.headers.x.exists(v, v.contains(…))`",
        ),
        ("request.headers['x-a'].startsWith('a')", "`startsWith` is asked of a list; a header is a list"),
        ("request.headers['x-a'].endsWith('a')", "`endsWith` is asked of a list; a header is a list"),
        ("request.headers['x-a'].matches('a')", "`matches` is asked of a list; a header is a list"),
        ("request.headers.x", "the expression yields a list"),
        ("issuer.name == 'a'", "`.name` is asked of a string; only maps have fields"),
        ("roles['admin'] == 'a'", "the index of a list is a string; give a number"),
        ("now[0] == 1", "an element is taken of a timestamp; only lists and maps have elements"),
        ("size(now) == 1", "`size` is asked of a timestamp; write `size(x)`, of a string or a list or a map"),
        (
            "now > timestamp('tomorrow')",
            "a part of the expression always fails: the value cannot be converted",
        ),
        (
            "now - duration('1d') > now",
            "a part of the expression always fails: the value cannot be converted",
        ),
        ("1 / 0 == 1", "a part of the expression always fails: division by zero"),
        (
            "{'a': 1, 'a': 2} == claims.m",
            "a part of the expression always fails: the key of a map is given twice",
        ),
        ("-issuer == 'a'", "`-` stands before a string"),
    ] {
        if expected.is_empty() {
            // Not known before the claim is: an error for each request, which denies it.
            assert_eq!(evaluate(text, claims()), Err(NotBool), "{text}");
            continue;
        }
        let found = mistakes(text).join(" | ");
        assert!(found.starts_with(expected), "{text}:\n{found}\n{expected}");
        assert!(found.contains("; ") && !found.contains('\n') && found.len() < 400, "{text}: {found}");
    }
}

/// The parser's own words are not for people who write policies.
#[test]
fn what_does_not_parse_is_said_in_words() {
    for (text, expected) in [
        ("", "it is empty, at its character 1; an expression looks like"),
        (" \n ", "it is empty, "),
        (
            "claims.a ==",
            "it ends behind `==`, at its character 12; write what belongs behind `==`, or remove it",
        ),
        ("claims.a &&", "it ends behind `&&`"),
        ("claims.a == 1 &&\n  claims.b ==", "it ends behind `==`, at its line 2, character 14"),
        ("!", "it ends behind `!`"),
        ("claims.", "it ends behind `.`"),
        ("claims.a = 1", "a single `=` is no operator, at its character 10; write `==`"),
        ("claims.a === 1", "`===` is no operator, at its character 12; write `==`"),
        ("claims.a =< 1", "`=<` is no operator, at its character 10; write `<=`"),
        ("claims.a => 1", "`=>` is no operator, at its character 10; write `>=`"),
        ("claims.a <> 1", "`<>` is no operator, at its character 11; write `!=`"),
        ("claims.a & claims.b", "a single `&` is no operator, at its character 10; write `&&`"),
        ("claims.a | claims.b", "a single `|` is no operator, at its character 10; write `||`"),
        ("claims.a and claims.b", "`and` is no operator, at its character 10; write `&&`"),
        ("claims.a OR claims.b", "`OR` is no operator, at its character 10; write `||`"),
        ("not claims.a", "`not` is no operator, at its character 5; write `!`"),
        ("'a' not in roles", "`not in` is no operator, at its character 5; write `!(a in list)`"),
        ("'a' ! in roles", "`!` is not expected here, at its character 5; write `!(a in list)`"),
        ("'a' IN roles", "`IN` is no operator, at its character 5; write `in`, in lower case"),
        ("claims.a is null", "`is` is no operator, at its character 10; write `==`"),
        (
            "roles contains 'x'",
            "`contains` stands between its two sides, at its character 7; write `text.contains('…')`",
        ),
        (
            "claims.a == 'x",
            "the string that begins with ' does not end, at its character 13; add ' where it ends",
        ),
        ("claims.a == \"x", "the string that begins with \" does not end, at its character 13; add \""),
        (
            "claims.a == 'it's'",
            "`s` stands behind a string with nothing between them, at its character 17; write a quote",
        ),
        (
            "claims.a.matches('\\d')",
            "a string with an escape that there is not, at its character 18; write `\\\\`",
        ),
        ("claims.a == “x”", "`“` is no quote of a string, at its character 13; write ' or \""),
        ("claims.a == 1)", "`)` closes nothing, at its character 14; remove it, or open it with `(`"),
        (
            "(claims.a == 1",
            "`(` at its character 1 is not closed, at its character 15; add `)` where it ends",
        ),
        ("claims['a' == 1", "`[` at its character 7 is not closed"),
        ("claims.a in ['x', ')'", "`[` at its character 13 is not closed"),
        ("claims.a ? claims.b", "`?` without `:`, at its character 20; write `condition ? this : that`"),
        (
            "claims.a : claims.b",
            "`:` is not expected here, at its character 10; write `condition ? this : that`",
        ),
        (
            "as == 1",
            "`as` is a reserved word, at its character 1; write `claims['as']` for a claim of this name",
        ),
        ("claims.in == 1", "`in` is a reserved word, at its character 8; write `claims['in']`"),
        ("claims..a", "two dots in a row, at its character 8; write one"),
        ("claims.?a == 1", "there are no optional fields (`.?`)"),
        ("claims.`x y` == 1", "there are no names in backticks, "),
        (
            "99999999999999999999 > 1",
            "a number that is none, at its character 1; an integer has at most 64 bits",
        ),
        (
            "claims.a, claims.b",
            "`,` is not expected here, at its character 9; join conditions with `&&` or `||`",
        ),
        (
            "claims.a claims.b",
            "`claims` stands behind `a` with nothing between them, at its character 10; join",
        ),
        (
            "claims.a 'x'",
            "a string stands behind `a` with nothing between them, at its character 10; write an operator",
        ),
        (
            "claims.a && && claims.b",
            "`&&` is not expected here, at its character 13; write a value before it and behind it",
        ),
        ("$claims.a", "`$` means nothing here, at its character 1; name a claim as `claims.name`"),
        ("claims.a; claims.b", "`;` means nothing here, at its character 9; a condition is one expression"),
        ("claims.a == 1 # one", "`#` begins no comment here, at its character 15; write `//`"),
        ("claims.a ^ 1", "`^` means nothing here, at its character 10; an expression looks like"),
    ] {
        let found = mistakes(text).join(" | ");
        let expected = format!("not a CEL expression: {expected}");
        assert!(found.starts_with(&expected), "{text}:\n{found}\n{expected}");
        for word in ["EOF", "expecting", "IDENTIFIER", "mismatched", "extraneous", "viable", "recognition"] {
            assert!(!found.contains(word), "{text}: {found}");
        }
    }
}

#[test]
fn every_mistake_of_an_expression_is_found_at_once() {
    let found = mistakes("claim.a == 1 && request.metod == 'x' && claims.l.foo() || roles == 'admin'");
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn what_a_mistaken_condition_captures_is_told_beside_its_mistakes() {
    let mistakes = Expression::parse("path.id == claim.b && path.x == path.id").unwrap_err();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert_eq!(mistakes.captures(), ["id", "x"]);
    assert_eq!(mistakes.place_of_capture("x"), Some(27));
    assert!(Expression::parse("path.id ==").unwrap_err().captures().is_empty());
}

#[test]
fn the_times_of_a_token_are_numbers() {
    let claims = json!({ "exp": 1_900_000_000, "iat": 1.5, "list": ["a", "b"] });
    for (text, expected) in [
        ("timestamp(claims.exp) > now && claims.exp > 1 && claims.iat < 2.0", Ok(true)),
        ("claims.exp - 1899999999 == 1 && claims.exp % 2 == 0 && -claims.iat == -1.5", Ok(true)),
        (
            "claims.exp - claims.exp == 0 && int(claims.iat) == 1 && claims.list[claims.iat] == 'b'",
            Err(NoSuchOverload),
        ),
        ("claims.list[claims.exp - 1899999999] == 'b' && type(claims.exp) == int", Ok(true)),
        ("claims.exp + claims.iat > 1.0", Err(NoSuchOverload)),
        ("claims.nbf == null", Err(NoSuchKey)),
        ("claims.sub.exp == now", Err(NoSuchKey)),
    ] {
        assert_eq!(evaluate(text, claims.clone()), expected, "{text}");
    }
}

#[test]
fn captures_are_collected_wherever_they_stand() {
    let expression = Expression::parse("path.id == '1' && (has(path.x) || path['y'] == path.id)").unwrap();
    assert_eq!(expression.captures(), ["id", "x", "y"]);
    assert!(Expression::parse("size(path) == 0").unwrap().captures().is_empty());
    assert!(Expression::parse("claims.l.exists(path, path.id == 1)").unwrap().captures().is_empty());
}

#[test]
fn a_header_is_asked_for_as_the_list_that_it_is() {
    for text in [
        "request.headers['x-plan'][0] != 'free'",
        "!('free' in request.headers['x-plan'])",
        "request.headers['x-plan'].exists(v, v.startsWith('a') || v == 'free')",
        "request.headers['x-plan'] == ['free']",
        "request.headers['x-plan'] == claims.plans",
        "request.headers['x-plan'] in [['free'], ['trial']]",
        "request.headers['x-plan'].size() == 1",
        "size(request.headers['x-plan']) == 1",
        "request.headers.exists(name, request.headers[name][0] == 'a')",
    ] {
        assert!(Expression::parse(text).is_ok(), "{text}: {:?}", mistakes(text));
    }
}
