#!/usr/bin/env python3
"""Holds configurations against the schema, with a validator that shares nothing with jwtgate: jsonschema.

    validate.py SCHEMA FILE-OR-DIRECTORY…

Prints a line for each configuration: its name, and `ok` or what the validator says. Kubernetes manifests stand for the
configurations in their ConfigMaps. Exit status 1 where the schema refuses one.
"""

import json
import re
import sys
from pathlib import Path

import jsonschema
import yaml

# The core schema of YAML 1.2, which knows no `yes`, no dates and no sixties; PyYAML's own is that of YAML 1.1.
PLAIN = [
    (re.compile(r"true|false"), lambda text: text == "true"),
    (re.compile(r"null|~|"), lambda text: None),
    (re.compile(r"-?(0|[1-9][0-9]*)"), int),
    (re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?"), float),
]


def value(node):
    if isinstance(node, yaml.MappingNode):
        # A key is text as it stands there, and a list of steps one name.
        return {key(name): value(entry) for name, entry in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [value(item) for item in node.value]
    if node.style is None:
        for pattern, convert in PLAIN:
            if pattern.fullmatch(node.value):
                return convert(node.value)
    return node.value


def key(node):
    return node.value if isinstance(node, yaml.ScalarNode) else f"[{', '.join(item.value for item in node.value)}]"


def configurations(path):
    """Pairs of a name and a configuration."""
    for document in yaml.compose_all(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader):
        content = value(document)
        if not (isinstance(content, dict) and "apiVersion" in content):
            yield str(path), content
        elif content["kind"] == "ConfigMap":
            for name, text in content["data"].items():
                if name.endswith(".yaml"):
                    yield f"{path}/{name}", value(yaml.compose(text, Loader=yaml.SafeLoader))


def main(schema_path, *paths):
    schema = json.loads(Path(schema_path).read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    # Policy tests lie beside the configurations that they test.
    of_tests = schema_path.endswith(".test.schema.json")
    files = [
        file
        for path in map(Path, paths)
        for file in (sorted(path.rglob("*.yaml")) if path.is_dir() else [path])
        if not path.is_dir() or file.name.endswith(".test.yaml") == of_tests
    ]
    status = 0 if files else "no configurations are there"
    for name, configuration in (pair for file in files for pair in configurations(file)):
        error = jsonschema.exceptions.best_match(validator.iter_errors(configuration))
        print(f"{name}: {f'{error.json_path}: {error.message}' if error else 'ok'}")
        status = status or (1 if error else 0)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
