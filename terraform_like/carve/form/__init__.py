"""What is to be carved: a book and the wishes as one problem for each component."""
