"""What training reads: corpora, samples, splits, and the features of them that are kept on disk."""
