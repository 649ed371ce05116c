"""The query language of lists (spec: 12): text to a tree, and the tree to a condition with bound parameters.

Knows the grammar, the dates and how conditions combine; which fields there are and what they mean in a table is told
by the domain that is searched.
"""

from waypost.kit.search_query.compose import (
    ACCOUNT,
    FALSE,
    TRUE,
    FieldCompiler,
    Found,
    How,
    Leaf,
    NotFound,
    Predicate,
    Search,
    Searchable,
    SqlCondition,
)
from waypost.kit.search_query.fields import (
    date_field,
    hits_by_words,
    is_anything,
    number_field,
    numbers,
    one_of,
    single,
    truth,
    values_among,
    wildcards,
    within,
)
from waypost.kit.search_query.limits import LIMITS, Limits, malformed
from waypost.kit.search_query.nodes import (
    And,
    Clause,
    Everything,
    Group,
    Node,
    Not,
    Or,
    Phrase,
    Range,
    Stray,
    Value,
    Word,
    names_field,
)
from waypost.kit.search_query.parameters import Parameters
from waypost.kit.search_query.parser import parse
from waypost.kit.search_query.patterns import ANY_RUN, Pattern, Wildcard

__all__ = [
    "ACCOUNT",
    "ANY_RUN",
    "FALSE",
    "LIMITS",
    "TRUE",
    "And",
    "Clause",
    "Everything",
    "FieldCompiler",
    "Found",
    "Group",
    "How",
    "Leaf",
    "Limits",
    "Node",
    "Not",
    "NotFound",
    "Or",
    "Parameters",
    "Pattern",
    "Phrase",
    "Predicate",
    "Range",
    "Search",
    "Searchable",
    "SqlCondition",
    "Stray",
    "Value",
    "Wildcard",
    "Word",
    "date_field",
    "hits_by_words",
    "is_anything",
    "malformed",
    "names_field",
    "number_field",
    "numbers",
    "one_of",
    "parse",
    "single",
    "truth",
    "values_among",
    "wildcards",
    "within",
]
