"""What texts share: words, n-grams, near duplicates, items of a suite in a training set."""
