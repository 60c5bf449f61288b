"""What is known of some of lm-eval's tasks without a download."""

from collections.abc import Mapping

ITEMS: Mapping[str, int] = {
    "arc_challenge": 1_172,
    "arc_easy": 2_376,
    "boolq": 3_270,
    "commonsense_qa": 1_221,
    "hellaswag": 10_042,
    "lambada_openai": 5_153,
    "longbench2": 503,
    "mmmlu_de_de": 14_042,
    "mmmlu_sw_ke": 14_042,
    "openbookqa": 500,
    "piqa": 1_838,
    "truthfulqa_mc1": 817,
    "truthfulqa_mc2": 817,
    "winogrande": 1_267,
}
"""Items of each: for planning only."""
