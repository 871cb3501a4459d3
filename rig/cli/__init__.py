"""The command line: argument parsing and display only. Each command imports what it needs when it runs."""
