"""What is said on the wire: keys, proofs, challenges, problems, the token endpoint. Nothing here does I/O."""
