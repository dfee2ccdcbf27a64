"""The desktop: everything made of Qt widgets."""
