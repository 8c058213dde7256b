"""Tests of the emulator of Lambda, as far as nothing has to run for them."""
