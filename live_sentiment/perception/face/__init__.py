"""Find faces, follow people, read expressions."""
