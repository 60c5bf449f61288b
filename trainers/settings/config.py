"""What `holdfast train` takes, typed: conf/train.yaml and its groups fill these dataclasses."""

from dataclasses import dataclass, field
from typing import Any

MISSING: Any = "???"


@dataclass
class TrainerConfig:
    """Which trainer, and any field of its TRL config."""

    name: str = MISSING
    args: dict[str, Any] = field(default_factory=dict)
    """Fields of the TRL config dataclass (trl.SFTConfig, …); checked against it before the model loads."""


@dataclass
class ModelConfig:
    """The model to train, and how to load it."""

    path: str = MISSING
    """`tiny`, a directory, or a hub id."""
    revision: str | None = None
    dtype: str = "auto"
    """`auto`: bfloat16 where the device has it, float32 on a CPU. Used for both measurements."""
    trust_remote_code: bool = False
    allow_pickle: bool = False
    """Weights that are not safetensors run code when they are read: only on request."""
    eos_token: str | None = None
    """The token that ends an answer, where it is not the tokenizer's own: `<|im_end|>`."""
    chat_template: str | None = None
    """A Jinja file, for a base model whose tokenizer has none."""
    batch_size: int = 16
    """Items measured at once."""
    load_in_4bit: bool = False
    """QLoRA: the frozen weights in 4 bits (NF4) for training; needs lora, bitsandbytes and a GPU."""
    threads: int | None = None
    """CPU threads of torch; None: all. A tiny model is faster on one."""


@dataclass
class LoraConfig:
    """LoRA: on as soon as `r` is a number."""

    r: int | None = None
    alpha: int | None = None
    """Default: 2 r."""
    dropout: float = 0.0
    targets: Any = "all-linear"
    """Names of modules, as a list or separated by commas, or peft's `all-linear`."""
    dora: bool = False
    """Weight-decomposed LoRA (arXiv 2402.09353)."""
    rslora: bool = False
    """Scale by alpha/√r (arXiv 2312.03732)."""
    modules_to_save: list[str] = field(default_factory=list)
    """Modules trained whole and saved with the adapter, such as `lm_head` after new tokens."""


@dataclass
class ReplayConfig:
    """Rows of another data set mixed in, so that old skills are kept in training."""

    ratio: float = 0.0
    """Share of the mixed rows that are replay (0.3: three in ten)."""
    data: Any = None
    """A name of conf/data, a path, a hub id, or a mapping like `data` itself."""
    source: str = "data"
    """`data`: rows as they are; `self`: the base model answers prompts itself before the training (for SFT)."""
    prompts: Any = None
    """source=self: where the prompts come from, as `data`; default: `data`."""
    limit: int | None = None
    """source=self: prompts asked at most; default: four for each row that is needed."""
    max_tokens: int = 256
    """source=self: answers that do not end within so many tokens are left out."""
    temperature: float = 0.0
    """source=self: 0 is greedy."""
    seed: int = 0
    """source=self: of the prompts' order and of sampled answers; not the run's, so that a sweep over seeds shares."""
    reward: Any = None
    """source=self: only answers that this reward scores at least `threshold` are kept."""
    threshold: float = 1.0


@dataclass
class FilterConfig:
    """Rows left out; each is counted and kept, with its reason, in `dropped.jsonl`."""

    min_chars: int | None = None
    max_chars: int | None = None
    """Characters of the prompt and the longest answer together."""
    max_tokens: int | None = None
    tokenizer: str | None = None
    """Whose tokens `max_tokens` counts: `tiny`, a directory or a hub id."""
    duplicates: str = "keep"
    """`exact`: of rows with the same text the first is kept; `near`: of nearly the same too."""
    similarity: float = 0.8
    """Share of 3-word pieces in common from which rows are nearly the same."""
    languages: list[str] = field(default_factory=list)
    """ISO 639-1 codes of the answers to keep; `unknown` is one too."""
    suite: Any = None
    """Rows that hold items of this suite, or passages of them, are left out."""
    reward: Any = None
    min_reward: float = 1.0
    """Rows whose answer (reference, where there is none) scores less, or cannot be judged, are left out."""
    broken: bool = False
    """Leave out rows that training would stop at or learn wrongly from."""


@dataclass
class DataConfig:
    """One training data set and how its columns are named."""

    path: str = ""
    """A hub id, a file or folder (JSONL, JSON, parquet), `tiny:<skill>[+<skill>…]`, or `env:<environment>`."""
    environment: Any = None
    """path=env: — what is played: a name, a mapping {env: name, split: …, **options}, or a list of these."""
    sources: list[Any] = field(default_factory=list)
    """Several data sets in place of `path`: names, paths, or mappings like `data` itself with a `weight`, how often
    each of a source's rows is taken (0.5: every second one; 2: each twice). What a source does not say of its columns,
    template, system message and renamed texts is as for `data`."""
    file: str | None = None
    """The same data below `data_root`, used instead of the hub when `data_root` is given."""
    name: str | None = None
    """The hub's configuration of the data set."""
    split: str = "train"
    """Of the hub's data set, or of a folder whose files' names tell their split."""
    revision: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    """Ours: theirs. Ours are prompt, completion, reference, messages, chosen, rejected, label, tools, text,
    system; dots reach inside."""
    rename: dict[str, str] = field(default_factory=dict)
    """Texts replaced in every prompt and completion; `NAME: Ada` replaces `{{NAME}}` and `NAME`."""
    template: str | None = None
    """The prompt's text with `{prompt}` in it, such as an instruction on the answer's form."""
    system: str | None = None
    conversational: bool = True
    """Chat messages; false: plain text, as base models read it."""
    limit: int | None = None
    filter: FilterConfig = field(default_factory=FilterConfig)
    validation: Any = None
    """Rows held out of the training: a share of `data` (0.05, 5%), or a name, path or mapping like `data` itself. They
    are evaluated ten times in a training, unless `trainer.args` says otherwise (`eval_strategy`, `eval_steps`)."""
    max_cut: float = 0.05
    """Share of the rows that may lose the end of their answer to the trainer's max_length; above it the run ends."""
    shuffle: bool = True
    replay: ReplayConfig = field(default_factory=ReplayConfig)
    reward: Any = None
    """What judges this data in GRPO and RLOO when `reward=` does not say."""


@dataclass
class GuardConfig:
    """The in-training guard; off while `every` is 0."""

    every: int = 0
    """Steps between two looks; between them it glances, and looks at once where a glance shows a change."""
    policy: str = "warn"
    """`warn`, `stop`, or `rollback` (to the last good checkpoint, then stop)."""
    tasks: list[str] = field(default_factory=list)
    """Default: the suite's tasks that are not targets."""
    limit: int = 64
    """Items per task and look."""
    pool: int = 256
    """Items per task that are measured when training begins; looks take theirs from these."""
    alpha: float = 0.05
    margin: float = 5.0
    """Points a skill may lose before it counts as broken."""


@dataclass
class TrainConfig:
    """Everything that `holdfast train` takes."""

    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    reward: Any = None
    """GRPO and RLOO: a name, a conf/reward name, a mapping {reward: name, **options}, or a list of these."""
    tools: list[str] = field(default_factory=list)
    """GRPO: functions of one's own that the model may call while it writes (`module:function`), as TRL's `tools`."""
    suite: Any = "tiny"
    target: list[str] = field(default_factory=list)
    """Tasks one trains for: a family of their own, never part of what must be held."""
    lora: LoraConfig = field(default_factory=LoraConfig)
    guard: GuardConfig = field(default_factory=GuardConfig)
    out: str | None = None
    """Default: runs/<trainer>-<hash of these settings>."""
    data_root: str | None = None
    """A folder with the data sets, where the hub is not reachable."""
    cache: str | None = None
    """Default: $HOLDFAST_CACHE, else ~/.cache/holdfast."""
    seed: int = 0
    contamination: bool = True
    """Look for the suite's items in the training rows before training."""
    card: bool = True
    """Look at (some of) the training rows before training, and warn of what is wrong with them."""
    limit: int | None = None
    """At most this many items per task of the suite."""
    margin: float | None = None
    """Points; default: what the suite can decide."""
    draft: str = "auto"
    """Try the starting model's answers as drafts of the trained one's where that changes no token (`auto`), wherever
    possible (`before`), or `off`."""
    stop: str = "never"
    """`decided`: with `margin`, each benchmark of the measurement after stops as soon as it is decided."""
    gate: bool = False
    """Let the verdict be the exit code."""
    checkpoints: int = 4
    """Checkpoints to keep, evenly spaced (the result apart); TRL's save_* fields in `trainer.args` overrule it."""
    early_stopping: int | None = None
    """End the training when the validation's loss has not improved in so many evaluations; the best checkpoint is then
    the result. Needs `data.validation`."""
    measure_checkpoints: bool = False
    """Measure the suite on each of them too; may be asked for after the training."""
    dry_run: bool = False
    overwrite: bool = False
    """Start anew in a directory that holds a run with other settings."""
