"""The whole job: measure, train, measure, compare, report; alone, in several processes, or many in a sweep."""
