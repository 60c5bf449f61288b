"""Answers in 25 languages: announced by a colon, in a sentence that goes on with another number, as a bare sum; options
with a wrong one beside them; and all of that behind a calculation or a list of options."""

import pytest

from holdfast.reward import Reward
from holdfast.sample import Sample

SENTENCES = {
    "de": (
        "Antwort: {n}",
        "Die Antwort ist {n} Euro für {d} Tage.",
        "Also sind es insgesamt {n} Euro, also {n}.",
        "Antwort: {c}",
        "Die richtige Antwort ist {c}, weil {o} falsch ist.",
        "Die Antwort lautet {c}.",
    ),
    "es": (
        "Respuesta: {n}",
        "La respuesta es {n} dólares por los {d} días.",
        "En total son {n} dólares.",
        "Respuesta: {c}",
        "La respuesta correcta es {c} porque {o} es falsa.",
        "La opción correcta es {c}.",
    ),
    "fr": (
        "Réponse : {n}",
        "La réponse est {n} euros pour {d} jours.",
        "Au total, cela fait {n} euros.",
        "Réponse : {c}",
        "La bonne réponse est {c} car {o} est faux.",
        "La réponse correcte est la {c}.",
    ),
    "it": (
        "Risposta: {n}",
        "La risposta è {n} euro per {d} giorni.",
        "In totale sono {n} euro.",
        "Risposta: {c}",
        "La risposta giusta è {c} perché {o} è falsa.",
        "La risposta corretta è la {c}.",
    ),
    "pt": (
        "Resposta: {n}",
        "A resposta é {n} reais por {d} dias.",
        "No total são {n} reais.",
        "Resposta: {c}",
        "A resposta certa é {c} porque {o} é falsa.",
        "A alternativa correta é a letra {c}.",
    ),
    "nl": (
        "Antwoord: {n}",
        "Het antwoord is {n} euro voor {d} dagen.",
        "In totaal zijn dat {n} euro.",
        "Antwoord: {c}",
        "Het juiste antwoord is {c} omdat {o} fout is.",
        "Het antwoord is {c}.",
    ),
    "ru": (
        "Ответ: {n}",
        "Ответ: {n} рублей за {d} дня",
        "Итого {n} рублей.",
        "Ответ: {c}",
        "Правильный ответ: {c}. Вариант {o} неверен.",
        "Верный ответ — {c}.",
    ),
    "uk": (
        "Відповідь: {n}",
        "Відповідь: {n} гривень за {d} дні",
        "Разом {n} гривень.",
        "Відповідь: {c}",
        "Правильна відповідь: {c}. Варіант {o} неправильний.",
        "Правильна відповідь - {c}.",
    ),
    "pl": (
        "Odpowiedź: {n}",
        "Odpowiedź to {n} złotych za {d} dni.",
        "Razem {n} złotych.",
        "Odpowiedź: {c}",
        "Poprawna odpowiedź to {c}, ponieważ {o} jest błędne.",
        "Prawidłowa odpowiedź: {c}",
    ),
    "zh": (
        "答案：{n}",
        "答案是 {n}，分给 {d} 个人。",
        "所以一共是{n}元。",
        "答案：{c}",
        "正确答案是{c}，因为{o}是错的。",
        "因此选{c}。",
    ),
    "ja": (
        "答え：{n}",
        "答え: {n} ドル（{d}日分）",
        "したがって合計は{n}ドルです。",
        "答え：{c}",
        "正解は{c}です。{o}は間違いです。",
        "答えは{c}です。",
    ),
    "ko": (
        "정답: {n}",
        "정답은 {n}달러입니다 ({d}일 동안).",
        "따라서 총 {n}달러입니다.",
        "정답: {c}",
        "정답은 {c}입니다. {o}는 틀렸습니다.",
        "따라서 답은 {c}입니다.",
    ),
    "ar": (
        "الإجابة: {n}",
        "الإجابة هي {n} دولارًا لمدة {d} أيام.",
        "المجموع هو {n} دولار.",
        "الإجابة: {c}",
        "الإجابة الصحيحة هي {c} لأن {o} خاطئة.",
        "الجواب هو {c}.",
    ),
    "hi": (
        "उत्तर: {n}",
        "सही उत्तर: {n} डॉलर, {d} दिनों के लिए",
        "कुल {n} डॉलर हुए।",
        "उत्तर: {c}",
        "सही उत्तर {c} है क्योंकि {o} गलत है।",
        "सही विकल्प {c} है।",
    ),
    "bn": (
        "উত্তর: {n}",
        "উত্তর হল {n} টাকা, {d} দিনের জন্য।",
        "মোট {n} টাকা।",
        "উত্তর: {c}",
        "সঠিক উত্তর {c}, কারণ {o} ভুল।",
        "সঠিক উত্তর হল {c}।",
    ),
    "te": (
        "సమాధానం: {n}",
        "సమాధానం {n} డాలర్లు, {d} రోజులకు.",
        "మొత్తం {n} డాలర్లు.",
        "సమాధానం: {c}",
        "సరైన సమాధానం {c}, ఎందుకంటే {o} తప్పు.",
        "సరైన సమాధానం {c}.",
    ),
    "sw": (
        "Jibu: {n}",
        "Jibu ni {n} kwa siku {d}.",
        "Jumla ni dola {n}.",
        "Jibu: {c}",
        "Jibu sahihi ni {c} kwa sababu {o} si sahihi.",
        "Jibu ni {c}.",
    ),
    "th": (
        "คำตอบ: {n}",
        "คำตอบคือ {n} ดอลลาร์ สำหรับ {d} วัน",
        "รวมทั้งหมด {n} ดอลลาร์",
        "คำตอบ: {c}",
        "คำตอบที่ถูกต้องคือ {c} เพราะ {o} ผิด",
        "ดังนั้นคำตอบคือ {c}",
    ),
    "vi": (
        "Đáp án: {n}",
        "Đáp án là {n} đô la cho {d} ngày.",
        "Tổng cộng là {n} đô la.",
        "Đáp án: {c}",
        "Đáp án đúng là {c} vì {o} sai.",
        "Câu trả lời là {c}.",
    ),
    "id": (
        "Jawaban: {n}",
        "Jawabannya adalah {n} dolar untuk {d} hari.",
        "Totalnya {n} dolar.",
        "Jawaban: {c}",
        "Jawaban yang benar adalah {c} karena {o} salah.",
        "Jawabannya {c}.",
    ),
    "tr": (
        "Cevap: {n}",
        "Cevap {n} liradır.",
        "Toplam {n} lira.",
        "Cevap: {c}",
        "Doğru cevap {c}, çünkü {o} yanlış.",
        "Cevap {c} şıkkıdır.",
    ),
    "yo": (
        "Ìdáhùn: {n}",
        "Ìdáhùn ni {n} fún ọjọ́ {d}.",
        "Àpapọ̀ jẹ́ {n}.",
        "Ìdáhùn: {c}",
        "Ìdáhùn tó tọ́ ni {c}.",
        "Ìdáhùn ni {c}.",
    ),
    "el": (
        "Απάντηση: {n}",
        "Η απάντηση είναι {n} ευρώ για {d} ημέρες.",
        "Συνολικά {n} ευρώ.",
        "Απάντηση: {c}",
        "Η σωστή απάντηση είναι {c}, γιατί το {o} είναι λάθος.",
        "Η απάντηση είναι {c}.",
    ),
    "he": (
        "תשובה: {n}",
        "התשובה היא {n} דולר ל-{d} ימים.",
        "סך הכול {n} דולר.",
        "תשובה: {c}",
        "התשובה הנכונה היא {c} כי {o} שגוי.",
        "התשובה היא {c}.",
    ),
    "fa": (
        "پاسخ: {n}",
        "پاسخ {n} دلار برای {d} روز است.",
        "در مجموع {n} دلار.",
        "پاسخ: {c}",
        "پاسخ درست {c} است زیرا {o} نادرست است.",
        "پاسخ {c} است.",
    ),
}
"""Three ways to state the number n (d is another number), three to state the option c (o is another option)."""
REWARDS = {name: Reward(name) for name in ("math", "numeric", "choice")}


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("name", ["math", "numeric"])
def test_numbers(language: str, name: str) -> None:
    """The number is read, and the other one never."""
    announced, sentence, total = SENTENCES[language][:3]
    for frame in (
        announced,
        sentence,
        total,
        f"**{announced}**",
        f"3 + 4 = 7.\n\n{announced}",
        f"3 × 6 = 18.\n{sentence}",
    ):
        text = frame.format(n=36, d=4)
        assert REWARDS[name].score(Sample(text, "36")).value == 1.0, text
        assert REWARDS[name].score(Sample(text, "4")).value == 0.0, text


@pytest.mark.parametrize("language", SENTENCES)
def test_options(language: str) -> None:
    """The option is read, and the one called wrong never."""
    announced, reasoned, short = SENTENCES[language][3:]
    behind = f"… (A) … (B) … \n\n{announced}", f"A: x, B: y. {reasoned}", f"(A) x\n(B) y\n{short}"
    frames = (announced, reasoned, short, f"**{announced}**", *behind)
    for frame in frames:
        text = frame.format(c="D", o="A")
        for reference, value in (("D", 1.0), ("A", 0.0)):
            assert REWARDS["choice"].score(Sample(text, reference, info={"choices": list("wxyz")})).value == value, text
