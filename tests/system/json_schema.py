"""What `--json` prints, held against its schema in docs/json. The part of JSON Schema that those
files use is all that is here; anything else in them is an error."""
import json
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "docs" / "json"
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
         "null": type(None)}
NOTES = {"$schema", "$id", "title", "description", "deprecated"}
RULES = {"type", "properties", "required", "additionalProperties", "items", "$ref", "enum"}


class Mismatch(AssertionError):
    pass


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def names():
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def is_of(value, kind):
    if kind == "integer" and isinstance(value, bool):
        return False
    return isinstance(value, TYPES[kind])


def fit(value, schema, where="$"):
    """Raises Mismatch with the place where value is not as the schema says."""
    strange = set(schema) - NOTES - RULES
    if strange:
        raise Mismatch(f"{where}: the schema has {strange}")
    if "$ref" in schema:
        fit(value, load(schema["$ref"].removesuffix(".json")), where)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_of(value, kind) for kind in kinds):
        raise Mismatch(f"{where}: {value!r} is not one of {kinds}")
    if "enum" in schema and value not in schema["enum"]:
        raise Mismatch(f"{where}: {value!r} is not one of {schema['enum']}")
    if isinstance(value, dict) and "object" in kinds:
        properties = schema.get("properties", {})
        missing = set(schema.get("required", [])) - set(value)
        if missing:
            raise Mismatch(f"{where}: {missing} missing")
        for key, member in value.items():
            if key in properties:
                fit(member, properties[key], f"{where}.{key}")
            elif schema.get("additionalProperties") is False:
                raise Mismatch(f"{where}: '{key}' is not in the schema")
    if isinstance(value, list):
        for i, item in enumerate(value):
            fit(item, schema.get("items", {}), f"{where}[{i}]")


def check(name, text):
    """The JSON in text, which fits the schema of this name."""
    value = json.loads(text)
    fit(value, load(name))
    return value
