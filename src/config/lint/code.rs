//! The names of the lints, each with what it is about: what an operator silences, and what the rules of a report explain.

use std::fmt;

/// Declares the codes: variant, name, a title, and why it matters with what to do.
macro_rules! codes {
    ($( $variant:ident $name:literal $title:literal $help:literal )*) => {
        /// A lint. Its name never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $( #[doc = $title] $variant, )*
        }

        impl Code {
            /// Every lint.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),*];

            /// Its name, as `# jwtgate:allow NAME: reason` has it.
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )* }
            }

            /// What it finds, in one sentence.
            pub fn title(self) -> &'static str {
                match self { $( Self::$variant => $title, )* }
            }

            /// Why that matters, and what to do.
            pub fn help(self) -> &'static str {
                match self { $( Self::$variant => $help, )* }
            }
        }
    };
}

codes! {
    UnreachableRoute "unreachable-route" "A route that no request ever reaches."
        "The first route whose hosts and path match is chosen, and its methods then decide. A route behind one that takes all of its requests never decides anything: what it asks for is not asked. Move it up, or remove it."
    ColonSegment "colon-segment" "A segment of a path that starts with a colon."
        "Other routers take `/orders/:id` for a capture. Here it matches that text alone; a capture is written `{id}`."
    PathExpression "path-expression" "A part of a regular expression in a path."
        "Paths are templates: `[0-9]+` in one matches that text alone. Write `{name}` for any one segment, and say in `when` what it must be like: `path.name.matches('^[0-9]+$')`."
    RemoveReplaced "remove-replaced" "A route's own `identity` takes `remove` away."
        "A section of a route stands in place of the one for all routes, with all of its keys. Headers that are named under `headers` anywhere are removed on every route; those of `remove` only where that section holds, so that clients can send them on this route. Repeat the list there."
    BareVariable "bare-variable" "A name behind a dollar sign, without braces."
        "`${NAME}` takes a variable of the environment; `$NAME` is that text. Write the braces, or `$$NAME` for the characters."
    ForeignClaimPath "foreign-claim-path" "The path of a claim as other tools write it."
        "A path is the names of the claims from the outermost on, with dots between them: `realm_access.roles`. `$` and brackets are part of a name, which hardly any token has."
    HeaderAsText "header-as-text" "A condition compares a header with one value."
        "A header is a list of strings, because clients may send it several times, and only a list of the same strings equals it. Write `value in header`, or `header[0] == value`."
    UnusedIssuer "unused-issuer" "An issuer whose tokens no route takes."
        "Its keys are fetched and held for nothing, or a route was meant to take its tokens. Name it under `issuers` of a route, or remove it."
    UnusedPolicy "unused-policy" "A policy that no route asks for."
        "A policy that nobody requires protects nothing. Name it under `require` of a route, or remove it."
    UnusedUpstream "unused-upstream" "An upstream that no route leads to."
        "Either a route was meant to lead there, or the section is a left-over. Name it as `upstream` of a route, or remove it."
    ImpossibleRequirement "impossible-requirement" "A requirement that nobody can meet."
        "Something is both required and excluded, so that every caller is denied. Policies that are required together are looked at together. Remove one of the two."
    NeedlessRequirement "needless-requirement" "A requirement that every verified caller meets."
        "It looks like a check and is none. Remove it, or write what was meant."
    NeverThere "never-there" "A condition names an issuer, a method, a host, a path or a header that no request ever has."
        "A condition in a route sees the methods and issuers of that route alone. `issuer` is the name of a section of this file, methods are in upper case, and headers that carry an identity or a credential are taken from clients before a condition looks. Compared with something else, the condition is always false, or always true. Write the name that is meant."
    ConstantCondition "constant-condition" "A condition that is the same for every request."
        "Whatever the caller and the request are, it says the same, so that it lets everybody pass, or nobody. Write what the caller must be, or remove it."
    ImpossiblePattern "impossible-pattern" "A regular expression that no text matches."
        "`^` is the beginning of the text and `$` its end: with something before or behind them nothing matches. `claims` matches the whole value without them. Write `\\^` or `\\$` for the characters. A class like `[a&&b]` has no character at all."
    UnanchoredPattern "unanchored-pattern" "A regular expression of a condition that does not say what may stand around it."
        "In `when`, as everywhere in CEL, `matches` searches: `claims.email.matches('.*@example[.]com')` is true of `x@example.com.evil.test` too. (Below `claims` it is held against the whole value.) Write `^` in front and `$` behind; where a search is meant, `.*` on both sides. One anchor says enough (`^/admin/` asks how the text begins), but each alternative has its own: `^a|b$` is `^a` or `b$`."
    CatchAllMethod "catch-all-method" "A method whose name stands for all of them elsewhere."
        "`methods` lists methods by name, and no client sends one called ALL, ANY or `*`: the route takes nothing else. Leave `methods` out for all of them."
    UnlikelyMethod "unlikely-method" "A method that one letter keeps from being another."
        "`methods` takes any name, for methods beyond the usual: a route with `GTE` takes that, which no client sends, and not GET."
    CorsMethod "cors-method" "Pages may send a method that the route does not take."
        "The preflight of that method is one of another route, or is refused, so that the entry has no effect. Leave it out, or let the route take the method."
    EncodedSlash "encoded-slash" "A route that takes an encoded slash has paths that another route asks more for."
        "To the gateway `/files/admin%2Fkeys` is one segment below `/files`; an upstream that decodes it sees `/files/admin/keys`. Allow `encoded_slash` only where the upstream does not decode it, or let both routes ask for the same."
    PathParameter "path-parameter" "A route that takes parameters has paths that another route asks more for."
        "To the gateway `/admin;x` is none of `/admin/**`, but of a route that takes any segment there; an upstream that cuts what follows a `;` sees `/admin`. Allow `parameters` only where the upstream does not cut them, or let both routes ask for the same."
    SpaceInName "space-in-name" "Several names in one text."
        "A text is one name, which commas and spaces do not divide, and no scope of a token has a space (RFC 6749 §3.3). Write a list below `all` or `any`."
    ClaimOfTwoValues "claim-of-two-values" "One claim is required to be two different values."
        "Only an array claim can hold both; a token whose claim is a string is always denied. Write `all: [a, b]` if the claim is an array, `any: [a, b]` if one of them is enough."
    PlaintextListener "plaintext-listener" "A listener without TLS on an address that others can reach."
        "Tokens in plain text can be read and used by whoever sees the network. Give the listener `tls`, or bind it to 127.0.0.1. Where something in front ends TLS and nobody else can connect, allow it with that reason."
    Observe "observe" "A route whose requirement is observed and not enforced."
        "Every request passes. Turn it off once the access log shows that the requirement refuses nobody it should not."
    QueryCredential "query-credential" "Tokens are taken from the query string."
        "URLs end up in logs, histories and Referer fields (RFC 6750 §2.3). Take tokens from the Authorization field, a header or a cookie."
    CorsWithoutToken "cors-without-token" "Pages of other origins may ask, and none can send a token."
        "Browsers send a header of a token only where `cors.headers` lists it (`*` is not for Authorization), and cookies only with `credentials: true`. List the header, or leave `cors` out."
    AllowHttp "allow-http" "Keys are fetched over plain HTTP."
        "Whoever can change what passes can put in a key and sign tokens with it. Give the issuer https."
    CertificateExpired "certificate-expired" "A certificate of a listener has expired."
        "Clients refuse it. Renew it; the files are read again when they change."
    CertificateExpiresSoon "certificate-expires-soon" "A certificate of a listener is about to expire."
        "Less than 14 days and less than a third of its life are left, so that whatever should renew it has probably failed."
    CertificateNotYetValid "certificate-not-yet-valid" "A certificate of a listener is not valid yet."
        "Clients refuse it until then. Check this machine's clock, or use the certificate later."
    UnlikelyIssuer "unlikely-issuer" "An issuer as no token names it."
        "`issuer` is compared with the token's `iss` byte for byte. Blanks at its ends, the address of a metadata document, a placeholder of another product or an alias of tenants stands in no token, so that all of them are refused. Write what the tokens have as `iss`."
    AlikeIssuers "alike-issuers" "Two issuers that differ by a slash at the end."
        "`issuer` is compared with the token's `iss` byte for byte, so that an issuer's tokens are of one of the two sections, and the other takes none. Remove that one."
    UnlikelyAudience "unlikely-audience" "An audience with white space in it, or several in one text."
        "An audience is compared with those of the token byte for byte, and nothing in it separates two. Write each as an item of the list."
    UnlikelyTokenType "unlikely-token-type" "A type of tokens as no token has it."
        "`typ` is a media type, like JWT or at+jwt. Another spelling stands in no token, so that none passes by it; `absent` stands for tokens without `typ`."
    LeftOutKey "left-out-key" "Keys in a file are left out."
        "A key that cannot be used, or is not for verifying signatures, costs only itself: the gateway starts with the others, and tokens of that one are refused. Mend or remove it."
    NoFittingKey "no-fitting-key" "None of the keys in a file is for the issuer's algorithms."
        "Every token of the issuer is refused. Name the algorithms that the keys are for, or give the issuer's own keys."
    NoUsableKey "no-usable-key" "A key set in a file lists no key."
        "Every token of the issuer is refused with `key_unknown`, from the start. That is how an operator withdraws all keys; else give the issuer's own public keys for signatures."
    BrokenKeyFile "broken-key-file" "The key file of an issuer that serves cannot be used any more."
        "The keys that were good before go on serving, but a restart would refuse the file. Mend it."
    UntriedKey "untried-key" "A key in a file is never tried."
        "A token is tried with at most 4 keys that fit it, the first of the file, so that an invalid token cannot cost more. Tokens of the keys behind them are refused. Remove keys that are not used any more, or give a JWK set whose keys have a `kid` each."
    PrivateKey "private-key" "A key set in a file holds a private key."
        "The gateway never needs it, and whoever reads the file can sign tokens. Leave the public members alone in the file, and replace the key if others could read it."
    ExposedStateDir "exposed-state-dir" "Others may write to a directory of kept keys."
        "Who can write there can sign tokens. Keys kept there are not taken, so that a restart while the issuer is down has none. Give the directory to the user of the gateway or to root, and to nobody else the right to write. Who owns it is held against the user that runs `check`, but not under `--offline`."
    FrequentRefresh "frequent-refresh" "Keys may be fetched more often than every five seconds."
        "An issuer whose answers say that they are not to be cached is then asked that often by each gateway, and may refuse to answer at all. A token with an unknown key makes the gateway ask at once whatever the bounds are. Give `min: 5s` or more."
    LargeClockSkew "large-clock-skew" "Expired tokens pass for more than five minutes."
        "Clocks that are kept differ by seconds. A token that was stolen or withdrawn is good for that much longer. Give 5m or less."
    LargeMaxAge "large-max-age" "Tokens pass that were issued more than 30 days ago."
        "A bound of that length hardly bounds anything; perhaps another unit was meant. Give 30d or less, or leave `max_age` out."
    ShortTime "short-time" "A time so short that it is hardly meant."
        "Perhaps another unit was meant: `ms` is a thousandth of `s`. The message says what the time is of."
    SmallTokenCache "small-token-cache" "The cache of verified tokens holds hardly any."
        "A token that does not fit is verified again with each request. Perhaps another unit was meant; give 1MiB or more."
    LiteralWildcard "literal-wildcard" "An audience or a type of tokens with an asterisk in it."
        "Both are compared as they are, so that only a token with that very asterisk has it. Name each value that may pass."
    RepeatedAlgorithm "repeated-algorithm" "An algorithm stands in the list twice."
        "The second changes nothing; perhaps another one was meant."
    ForeignAudience "foreign-audience" "A route asks for an audience that none of its issuers has."
        "A route narrows its issuers' own audiences: a token then needs one of theirs as well. Add the audience to the issuer, or name one that it has."
    DisjointAudiences "disjoint-audiences" "An issuer of a route has none of the route's audiences."
        "A route narrows its issuers' own audiences: a token needs one of the route's and one of its issuer's, which are two where the lists have none in common, and most tokens are for one. List the issuers that the route is for, or add an audience of the other."
    ListAsText "list-as-text" "A list is to be sent as the text of a header."
        "A list has no text, so that whoever has one is refused. Choose the format csv, json or base64url."
    MissingHere "missing-here" "A file or variable is missing on this machine."
        "Under `--offline` that is a warning; where the gateway runs it is an error."
    AllowUnknown "allow-unknown" "A comment is to allow something that is no lint."
        "It silences nothing. The names of the lints stand in brackets at the end of each warning."
    AllowWithoutReason "allow-without-reason" "A comment allows something without saying why."
        "Whoever reads the file next has to know whether it still holds. Write the reason behind a colon."
    AllowUnused "allow-unused" "A comment allows something that is not there."
        "It would hide the next finding of that kind unseen. Remove it."
}

impl Code {
    /// The lint of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// Whether it is about the comments that silence others: these cannot be silenced.
    pub(super) fn is_of_comments(self) -> bool {
        matches!(self, Self::AllowUnknown | Self::AllowWithoutReason | Self::AllowUnused)
    }

    /// Whether it shows on some machines or at some times only, so that a comment may be right and yet silence nothing now.
    pub(super) fn comes_and_goes(self) -> bool {
        matches!(
            self,
            Self::MissingHere
                | Self::CertificateExpired
                | Self::CertificateExpiresSoon
                | Self::CertificateNotYetValid
                | Self::NoFittingKey
                | Self::NoUsableKey
                | Self::LeftOutKey
                | Self::ExposedStateDir
                | Self::BrokenKeyFile
                | Self::UntriedKey
                | Self::PrivateKey
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kebab_case_and_each_its_own() {
        for code in Code::ALL {
            let name = code.name();
            assert!(name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'), "{name}");
            assert_eq!(Code::parse(name), Some(*code));
            assert!(code.title().ends_with('.') && code.help().ends_with('.'), "{name}");
        }
    }
}
