"""From words to EvalConfigs: conf/eval.yaml and EvalConfig, with the grammar of `holdfast train`."""

from holdfast.benchmarks.suites.eval_config import EvalConfig
from holdfast.config import Composer

COMPOSER = Composer("eval", EvalConfig, open=("backend_args", "sampling", "chat_template_args", "model", "against"))
compose = COMPOSER.compose
jobs = COMPOSER.jobs
