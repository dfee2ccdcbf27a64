"""Providers: one module a vendor's API. `base` says what a provider is."""
