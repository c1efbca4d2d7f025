"""The wiring: one module a stage, each asset a thin call of a pure step."""
