// Without a file of assembly the compiler would not allow functions without a body.
