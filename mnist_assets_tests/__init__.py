"""Tests: fast by default on tiny arrays; `-m slow` runs the real graph on real MNIST."""
