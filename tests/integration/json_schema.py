"""JSON Schema, the part of it that /openapi.json is written in."""

import re


def conforms(value, schema, components, path="$"):
    """Whether a value has what its JSON Schema asks for; the part of the language we use."""
    if "$ref" in schema:
        return conforms(value, components[schema["$ref"].rsplit("/", 1)[1]], components, path)
    for part in schema.get("allOf", []):
        conforms(value, part, components, path)
    if "anyOf" in schema:
        return conforms_to_any(value, schema["anyOf"], components, path)
    kinds = {"object": dict, "array": list, "string": str, "integer": int,
             "number": (int, float), "null": type(None), "boolean": bool}
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert any(isinstance(value, kinds[name]) for name in names), f"{path}: {value!r}"
    if "enum" in schema:
        assert value in schema["enum"], f"{path}: {value!r}"
    if "pattern" in schema:
        assert re.search(schema["pattern"], value), f"{path}: {value!r}"
    if isinstance(value, (int, float)):
        assert value >= schema.get("minimum", value), f"{path}: {value!r}"
        assert value <= schema.get("maximum", value), f"{path}: {value!r}"
    if isinstance(value, dict):
        for name in schema.get("required", []):
            assert name in value, f"{path}.{name} is missing"
        for name, member in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if inner:
                conforms(member, inner, components, f"{path}.{name}")
    if isinstance(value, list) and "items" in schema:
        assert len(value) >= schema.get("minItems", 0), path
        for number, item in enumerate(value):
            conforms(item, schema["items"], components, f"{path}[{number}]")
    return True


def conforms_to_any(value, schemas, components, path):
    faults = []
    for schema in schemas:
        try:
            return conforms(value, schema, components, path)
        except AssertionError as fault:
            faults.append(str(fault))
    raise AssertionError("; ".join(faults))
