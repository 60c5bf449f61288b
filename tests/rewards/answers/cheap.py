"""Completions that a policy might find because they are cheap: none of them states one right answer.

Made by kind, for several references each: lists of guesses, echoes of a question, hedges, parts of the reference,
permuted letters, denials and refusals, in many languages.
"""

from collections.abc import Iterator

NUMBERS = ("7", "42", "130")
LISTS = (
    "{0} or {1}",
    "{1} or {0}",
    "{0}, {1}, {2}",
    "{1}, {0}",
    "{0} / {1}",
    "{0}; {1}",
    "{0} and {1}",
    "either {1} or {0}",
    "{0}? {1}?",
    "{0} | {1}",
    "{0}-{1}",
    "between {1} and {0}",
    "{0} ± 1",
    "{0} (or {1})",
    "{1} (or {0})",
    "{0}, maybe {1}",
    "{0} but possibly {1}",
    "{0} apples and {1} pears",
)
FRAMES = ("The answer is {}.", "#### {}", "\\boxed{{{}}}", '{{"answer": "{}"}}', "<answer>{}</answer>", "Answer: {}")
HEDGES = {
    "de": "Die Antwort ist {0} oder {1}.",
    "es": "La respuesta es {0} o quizás {1} o {2}.",
    "fr": "La réponse est {0} ou {1}.",
    "it": "La risposta è {0} oppure {1}.",
    "pt": "A resposta é {0}, talvez {1}.",
    "ru": "Ответ: {0} или {1}.",
    "zh": "答案是{0}或{1}。",
    "ja": "答えは{0}または{1}です。",
    "ko": "정답은 {0} 또는 {1}입니다.",
    "ar": "الإجابة هي {0} أو {1}.",
    "hi": "उत्तर: {0} या {1}",
    "bn": "উত্তর: {0} অথবা {1}",
    "te": "సమాధానం: {0} లేదా {1}",
    "th": "คำตอบคือ {0} หรือ {1}",
    "vi": "Đáp án là {0} hoặc {1}.",
    "id": "Jawabannya adalah {0} atau {1}.",
}
DENIALS = (
    "The answer is not {0}.",
    "It is not \\boxed{{{0}}}.",
    "The answer isn't {0}.",
    "\\boxed{{{0}}} is wrong.",
    "Die Antwort ist nicht {0}.",
    "La respuesta no es {0}.",
    "La réponse n'est pas {0}.",
    "La risposta non è {0}.",
    "A resposta não é {0}.",
    "Ответ не {0}.",
    "答案不是{0}。",
    "答えは{0}ではない。",
    "정답은 {0}이 아닙니다.",
    "الإجابة ليست {0}.",
    "उत्तर {0} नहीं है।",
    "উত্তর {0} নয়।",
    "సమాధానం {0} కాదు.",
    "คำตอบไม่ใช่ {0}",
    "Đáp án không phải {0}.",
    "Jawabannya bukan {0}.",
    "Anything but {0}.",
    "more than {0}",
    "The answer is less than {0}.",
    "twice {0}",
)
UNKNOWN = (
    "I cannot determine the answer from problem {0}.",
    "Question {0}: I do not know.",
    "I don't know the answer to {0}.",
    "Ich weiß die Antwort auf Frage {0} nicht.",
    "No sé la respuesta a la pregunta {0}.",
    "Je ne sais pas répondre à la question {0}.",
    "Non so la risposta alla domanda {0}.",
    "Não sei a resposta da pergunta {0}.",
    "Я не знаю ответа на вопрос {0}.",
    "我不知道第{0}题的答案。",
    "第{0}問の答えはわかりません。",
    "{0}번 문제의 답을 모르겠습니다.",
    "لا أعرف إجابة السؤال {0}.",
    "मुझे प्रश्न {0} का उत्तर नहीं पता।",
    "আমি প্রশ্ন {0} এর উত্তর জানি না।",
    "ప్రశ్న {0} కు సమాధానం తెలియదు.",
    "Sijui jibu la swali la {0}.",
    "ฉันไม่ทราบคำตอบของข้อ {0}",
    "Tôi không biết câu trả lời cho câu {0}.",
    "Saya tidak tahu jawaban soal {0}.",
)
ECHOES = (
    "<think>The answer is {0}.",
    "<think>{0}</think>",
    "```python\nprint({0})\n```\nRunning the code gives the output",
    "x_{0}",
    "See file data{0}.txt for it",
    "So we add 3 and then {0}",
    "First we compute {0} +",
    "\\boxed{{}} {0}",
    "<answer></answer> {0}",
    "\\boxed{{\\cancel{{{0}}} 8}}",
    "1 = 2 = {0}",
    "\\boxed{{x = x}} {0}",
)
MATH = {
    "2(x-y)": ("2", "2x", "x-y", "2(x-z)", "2(y-x)"),
    "x^2+1": ("x^2", "1", "x^2+1 or x^2", "x^2 - 1", "(x+1)^2"),
    "(1,2)": ("1", "2", "(2,1)", "(1,2,3)", "1,2,3"),
    "\\{1,2\\}": ("1", "2", "\\{1,2,3\\}", "\\{1\\}", "1 \\text{ or } 2 \\text{ or } 3"),
    "12": ("12mgh", "12KFC", "3 \\text{ cats and } 4 \\text{ dogs}", "12x", "12^2", "0012x", "12!"),
    "60": ("2 \\text{ hours } 30 \\text{ minutes}", "10 \\text{ boys, } 6 \\text{ girls}", "60i", "6 0"),
    "odd": ("ddo", "even or odd", "even", "odo"),
    "No": ("oN", "yes", "yes or no", "\\text{yes and no}"),
    "n^2": ("k^2", "n", "n^3", "m^2"),
    "\\frac{\\pi}{4}+k\\pi": ("\\frac{\\pi}{4}", "k\\pi", "\\frac{\\pi}{4}+2k\\pi", "\\frac{\\pi}{4}+n^2\\pi"),
    "x > 7": ("7", "x \\ge 7", "x < 7", "x = 7", "x > 7 \\text{ or } x < 7"),
    "[0,1)": ("(0,1)", "[0,1]", "0", "1", "(0,1]"),
    "y = 2x+1": ("2x", "1", "x", "y", "y = 2x"),
    "3:2": ("3", "2", "2:3", "3:2:1"),
    "ABCD": ("DCBA", "ABDC", "A", "ABC"),
    "those congruent to 3 modulo 6": ("6", "3", "3 \\pmod 5"),
    "$2^n-1$ for all positive integers $n$": ("n", "2^n", "2^n+1"),
    "\\sqrt{2}": ("1.4", "2", "\\sqrt{3}", "\\sqrt{2} \\text{ or } 2", "\\pm\\sqrt{2}"),
    "5 \\text{ cm}": ("5 \\text{ m}", "5 \\text{ kg}", "50 \\text{ cm}"),
    "June 20": ("20", "June 21", "June", "July 20"),
}
CHOICES = ("Rome", "Oslo", "Paris", "Bern")
LETTERS = (
    "(A)(B)(C)(D)",
    "A B C D",
    "ABCD",
    "A, B",
    "A or B",
    "The answer is A/B",
    "The answer is A&B",
    "The answer is A B",
    "The answer is (A) (B)",
    "The answer is A, but it could be B",
    "The answer is A or, less likely, B",
    "\\boxed{AB}",
    "\\boxed{A}\\boxed{B}",
    "\\boxed{A \\quad B}",
    "Everything except B",
    "It is not B.",
    "The answer isn't B.",
    "Rome Oslo Paris Bern",
    "It could be Oslo",
    "I do not know, maybe Oslo is in Norway",
    "We first note that Oslo",
    "Option A is the first option, option B the second",
    "choose A? choose B?",
    "<think>B",
    "<think>B</think>",
    "B or not B",
    "Die Antwort ist A oder B.",
    "La respuesta es A o B.",
    "La réponse est A ou B.",
    "答案是A或B",
    "答案不是B",
    "정답은 A 또는 B",
    "Ответ: A или B",
    "الإجابة: A أو B",
    "उत्तर: A या B",
    "คำตอบ: A หรือ B",
    "Đáp án: A hoặc B",
    "Die Antwort ist nicht B.",
    "A) Rome\nB) Oslo\nC) Paris\nD) Bern",
    "The answer is A. The answer is B or C.",
    "B is wrong.",
    "The vitamin B is",
)
"""Of which none settles on B."""


def cheap() -> Iterator[tuple[str, str, str]]:
    """Reward, completion, reference."""
    for number in NUMBERS:
        others = (number, str(int(number) + 1), str(int(number) + 2))
        texts = [frame.format(guess.format(*others)) for guess in LISTS for frame in FRAMES]
        texts += [text.format(*others) for group in (HEDGES.values(), DENIALS, UNKNOWN, ECHOES) for text in group]
        for text in texts:
            yield "math", text, number
            yield "numeric", text, number
    for reference, answers in MATH.items():
        for answer in answers:
            yield "math", f"The answer is $\\boxed{{{answer}}}$.", reference
    for text in LETTERS:
        yield "choice", text, "B"
