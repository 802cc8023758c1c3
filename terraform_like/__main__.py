"""`python -m terraform_like` is the `territory` command."""

from terraform_like.cli import main

main()
