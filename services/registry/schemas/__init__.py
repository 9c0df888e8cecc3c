"""Request and response bodies of the register, by noun."""
