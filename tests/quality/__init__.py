"""The rules of the project as tests, so that plain pytest keeps them."""
