"""As much of JSON Schema (draft 2020-12) as docs/schema/*.schema.json use; any other keyword is an error, not a pass."""

import re

NOTES = {"$schema", "$defs", "title", "description"}


def is_type(value, name):
    if name == "boolean":
        return isinstance(value, bool)
    if name == "integer":
        return not isinstance(value, bool) and (isinstance(value, int) or isinstance(value, float) and value.is_integer())
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, {"object": dict, "array": list, "string": str, "null": type(None)}[name])


def same(a, b):
    return a == b and isinstance(a, bool) == isinstance(b, bool)


class Schema:
    def __init__(self, document):
        self.document = document

    def accepts(self, value):
        return self.fits(value, self.document)

    def fits(self, value, schema):
        return all(self.holds(value, schema, keyword) for keyword in schema if keyword not in NOTES)

    def holds(self, value, schema, keyword):
        check = getattr(self, "check_" + keyword.replace("$", ""), None)
        if check is None:
            raise SystemExit(f"schema_check.py does not know the keyword {keyword}")
        return check(value, schema[keyword], schema)

    def check_ref(self, value, name, _):
        prefix = "#/$defs/"
        assert name.startswith(prefix), name
        return self.fits(value, self.document["$defs"][name[len(prefix):]])

    def check_type(self, value, names, _):
        return any(is_type(value, name) for name in ([names] if isinstance(names, str) else names))

    def check_enum(self, value, values, _):
        return any(same(value, one) for one in values)

    def check_const(self, value, wanted, _):
        return same(value, wanted)

    def check_pattern(self, value, pattern, _):
        return not isinstance(value, str) or re.search(pattern, value) is not None

    def check_minLength(self, value, least, _):
        return not isinstance(value, str) or len(value) >= least

    def check_minimum(self, value, least, _):
        return not is_type(value, "number") or value >= least

    def check_maximum(self, value, most, _):
        return not is_type(value, "number") or value <= most

    def check_items(self, value, schema, _):
        return not isinstance(value, list) or all(self.fits(item, schema) for item in value)

    def check_minItems(self, value, least, _):
        return not isinstance(value, list) or len(value) >= least

    def check_maxItems(self, value, most, _):
        return not isinstance(value, list) or len(value) <= most

    def check_properties(self, value, schemas, _):
        return not isinstance(value, dict) or all(self.fits(value[key], one) for key, one in schemas.items() if key in value)

    def check_patternProperties(self, value, schemas, _):
        return not isinstance(value, dict) or all(
            self.fits(value[key], one) for pattern, one in schemas.items() for key in value if re.search(pattern, key))

    def check_additionalProperties(self, value, schema, beside):
        if not isinstance(value, dict):
            return True
        known = beside.get("properties", {})
        others = [key for key in value
                  if key not in known and not any(re.search(p, key) for p in beside.get("patternProperties", {}))]
        return all(schema is not False and self.fits(value[key], schema) for key in others)

    def check_propertyNames(self, value, schema, _):
        return not isinstance(value, dict) or all(self.fits(key, schema) for key in value)

    def check_minProperties(self, value, least, _):
        return not isinstance(value, dict) or len(value) >= least

    def check_maxProperties(self, value, most, _):
        return not isinstance(value, dict) or len(value) <= most

    def check_required(self, value, keys, _):
        return not isinstance(value, dict) or all(key in value for key in keys)

    def check_dependentRequired(self, value, needs, _):
        return not isinstance(value, dict) or all(
            key not in value or all(other in value for other in others) for key, others in needs.items())

    def check_allOf(self, value, schemas, _):
        return all(self.fits(value, one) for one in schemas)

    def check_anyOf(self, value, schemas, _):
        return any(self.fits(value, one) for one in schemas)

    def check_oneOf(self, value, schemas, _):
        return sum(self.fits(value, one) for one in schemas) == 1

    def check_not(self, value, schema, _):
        return not self.fits(value, schema)

    def check_if(self, value, schema, beside):
        return not self.fits(value, schema) or self.fits(value, beside["then"])

    def check_then(self, *_):
        return True
