"""YAML to the domain, with line and column, and JSON Schemas. The only room that knows ruamel.yaml."""
