"""What is asked and what is flagged: the rule files, and the code that understands them."""
