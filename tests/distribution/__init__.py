"""What is shipped beside the code: containers, templates for CI, the example for CHT, run from an installed wheel."""
