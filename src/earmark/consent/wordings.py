"""What the switches say, in every language they are shown in: a grant names the version that was on screen.

A published version never changes, in any language: a grant points at it as evidence of what somebody agreed to
(tests/consent/test_wordings.py holds a fingerprint of each). To say something new, give it a new version and move the
old one to EARLIER_WORDINGS. That is why these texts stand here, and not in the catalogs of the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Purpose = Literal["save", "review", "transcription", "donate", "hear_first"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What a switch says; a grant names the version that was on screen."""

    version: str
    """`review-1` in English, `review-1.es` in Spanish."""
    title: str
    text: str


WORDINGS: dict[Purpose, Wording] = {
    "save": Wording(
        version="save-2",
        title="Keep my recordings",
        text="Earmark keeps what you say to it, so that you can see it, hear it and delete it. Each recording deletes "
        "itself when its time is over. Of what sounds like a false wake, only the time is kept. With this off, "
        "nothing is kept.",
    ),
    "review": Wording(
        version="review-1",
        title="Use my recordings for human review",
        text="Now and then, a person may listen to a few seconds of yours to check what Earmark understood. They "
        "never see your name, and you can see each time it happened. Turn it off whenever you like: clips that are "
        "waiting are pulled back at once.",
    ),
    "transcription": Wording(
        version="transcription-1",
        title="Use my messages to improve transcription",
        text="When you dictate a message, a person may check that Earmark wrote it down right. Names and numbers that "
        "Earmark notices are cut out first.",
    ),
    "donate": Wording(
        version="donate-1",
        title="Donate my false wakes",
        text="When a device wakes and nobody called it, Earmark throws the sound away at once. With this on it keeps "
        "the sound for you, and people who check recordings may hear the wake word's second of it, nothing that "
        "followed, so that it wakes less often for nothing. If they find that you had called it after all, it is a "
        "recording like any other. They hear it only while human review is on too.",
    ),
    "hear_first": Wording(
        version="hear-first-1",
        title="Let me hear it first",
        text="A clip that was chosen for review waits until you have said yes to it. After 7 days without an answer "
        "it is taken off the list, and nobody hears it.",
    ),
}
SPANISH: dict[Purpose, Wording] = {
    "save": Wording(
        version="save-2.es",
        title="Guardar mis grabaciones",
        text="Earmark guarda lo que le dices para que puedas verlo, oírlo y borrarlo. Cada grabación se borra sola "
        "cuando se cumple su plazo. De lo que parece una activación por error solo se guarda la hora. Con esto "
        "desactivado no se guarda nada.",
    ),
    "review": Wording(
        version="review-1.es",
        title="Usar mis grabaciones para la revisión humana",
        text="De vez en cuando, una persona puede escuchar unos segundos tuyos para comprobar qué entendió Earmark. "
        "Nunca ve tu nombre, y tú puedes ver cada vez que ha ocurrido. Desactívalo cuando quieras: los fragmentos que "
        "estén en espera se retiran al instante.",
    ),
    "transcription": Wording(
        version="transcription-1.es",
        title="Usar mis mensajes para mejorar la transcripción",
        text="Cuando dictas un mensaje, una persona puede comprobar si Earmark lo escribió bien. Antes se recortan "
        "los nombres y los números que Earmark detecta.",
    ),
    "donate": Wording(
        version="donate-1.es",
        title="Donar mis activaciones por error",
        text="Cuando un dispositivo se activa sin que nadie lo haya llamado, Earmark desecha el sonido al instante. "
        "Con esto activado, guarda el sonido para ti, y las personas que revisan grabaciones pueden oír de él el "
        "segundo de la palabra de activación, nada de lo que vino después, para que se active menos veces sin motivo. "
        "Si resulta que sí lo habías llamado, es una grabación como cualquier otra. Solo lo oyen mientras la revisión "
        "humana también esté activada.",
    ),
    "hear_first": Wording(
        version="hear-first-1.es",
        title="Déjame oírlo primero",
        text="Un fragmento elegido para la revisión espera hasta que tú digas que sí. Tras 7 días sin respuesta se "
        "quita de la lista, y nadie lo oye.",
    ),
}
ROMANIAN: dict[Purpose, Wording] = {
    "save": Wording(
        version="save-2.ro",
        title="Păstrează înregistrările mele",
        text="Earmark păstrează ce îi spui, ca să poți vedea, asculta și șterge. Fiecare înregistrare se șterge "
        "singură când îi expiră termenul. Din ce pare o pornire din greșeală se păstrează doar ora. Cât timp e oprit, "
        "nu se păstrează nimic.",
    ),
    "review": Wording(
        version="review-1.ro",
        title="Folosește înregistrările mele pentru verificarea de către oameni",
        text="Din când în când, o persoană poate asculta câteva secunde de-ale tale, ca să verifice ce a înțeles "
        "Earmark. Nu îți vede niciodată numele, iar tu poți vedea de fiecare dată când s-a întâmplat. Oprește când "
        "vrei: fragmentele care așteaptă sunt retrase pe loc.",
    ),
    "transcription": Wording(
        version="transcription-1.ro",
        title="Folosește mesajele mele pentru o transcriere mai bună",
        text="Când dictezi un mesaj, o persoană poate verifica dacă Earmark l-a scris corect. Mai întâi sunt tăiate "
        "numele și numerele pe care le observă Earmark.",
    ),
    "donate": Wording(
        version="donate-1.ro",
        title="Donează pornirile mele din greșeală",
        text="Când un dispozitiv pornește fără să-l fi chemat cineva, Earmark aruncă sunetul pe loc. Cât timp e "
        "pornit acest comutator, păstrează sunetul pentru tine, iar oamenii care verifică înregistrări pot auzi din "
        "el secunda cuvântului de activare, nimic din ce a urmat, ca să pornească mai rar degeaba. Dacă "
        "se dovedește că totuși îl chemaseși, este o înregistrare ca oricare alta. O aud numai cât timp e pornită și "
        "verificarea de către oameni.",
    ),
    "hear_first": Wording(
        version="hear-first-1.ro",
        title="Lasă-mă să ascult întâi",
        text="Un fragment ales pentru verificare așteaptă până când spui tu da. După 7 zile fără răspuns este scos de "
        "pe listă și nu îl aude nimeni.",
    ),
}
HINDI: dict[Purpose, Wording] = {
    "save": Wording(
        version="save-2.hi",
        title="मेरी रिकॉर्डिंग रखें",
        text="आप Earmark से जो कहते हैं, उसे वह रखता है, ताकि आप उसे देख सकें, सुन सकें और मिटा सकें। हर रिकॉर्डिंग "
        "अपना समय पूरा होने पर अपने आप मिट जाती है। जो ग़लती से जागना लगता है, उसका सिर्फ़ समय रखा जाता है। यह बंद हो "
        "तो कुछ भी नहीं रखा जाता।",
    ),
    "review": Wording(
        version="review-1.hi",
        title="मेरी रिकॉर्डिंग लोगों की जाँच के लिए इस्तेमाल करें",
        text="कभी-कभी कोई व्यक्ति आपकी कुछ सेकंड की रिकॉर्डिंग सुन सकता है, यह जाँचने के लिए कि Earmark ने क्या समझा। "
        "उसे आपका नाम कभी नहीं दिखता, और जब-जब ऐसा हुआ, वह आप देख सकते हैं। जब चाहें इसे बंद करें: जो क्लिप इंतज़ार "
        "में हैं, वे तुरंत वापस ले ली जाती हैं।",
    ),
    "transcription": Wording(
        version="transcription-1.hi",
        title="बोले हुए को लिखना सुधारने के लिए मेरे संदेश इस्तेमाल करें",
        text="जब आप बोलकर संदेश लिखवाते हैं, तो कोई व्यक्ति जाँच सकता है कि Earmark ने उसे सही लिखा या नहीं। जो नाम "
        "और नंबर Earmark पहचान लेता है, वे पहले ही काट दिए जाते हैं।",
    ),
    "donate": Wording(
        version="donate-1.hi",
        title="ग़लती से जागने की मेरी रिकॉर्डिंग दान करें",
        text="जब कोई डिवाइस जागता है और किसी ने उसे बुलाया नहीं होता, तो Earmark आवाज़ को तुरंत फेंक देता है। यह चालू "
        "हो तो वह आवाज़ को आपके लिए रखता है, और रिकॉर्डिंग जाँचने वाले लोग उसमें से जगाने वाले शब्द का एक सेकंड सुन "
        "सकते हैं, उसके बाद का कुछ नहीं, ताकि डिवाइस बेवजह कम जागे। अगर पता चले "
        "कि आपने उसे सचमुच बुलाया था, तो वह बाकी रिकॉर्डिंग जैसी ही है। वे उसे तभी सुनते हैं, जब लोगों की जाँच भी चालू हो।",
    ),
    "hear_first": Wording(
        version="hear-first-1.hi",
        title="पहले मुझे सुनने दें",
        text="जाँच के लिए चुनी गई क्लिप तब तक रुकी रहती है, जब तक आप उसके लिए हाँ न कह दें। 7 दिन तक जवाब न मिले तो "
        "उसे सूची से हटा दिया जाता है, और उसे कोई नहीं सुनता।",
    ),
}
EARLIER_WORDINGS: tuple[Wording, ...] = (
    Wording(
        version="save-1",
        title="Keep my recordings",
        text="Earmark keeps what you say to it, so that you can see it, hear it and delete it. Each recording deletes "
        "itself after {retention_days} days. With this off, nothing is kept.",
    ),
)
"""What a switch said before; it stays here as long as a grant may name it."""
_IN: dict[str, Mapping[Purpose, Wording]] = {"en": WORDINGS, "es": SPANISH, "ro": ROMANIAN, "hi": HINDI}


def wordings(language: str) -> Mapping[Purpose, Wording]:
    """Return what the switches say in a language now."""
    return _IN[language]


def wording(version: str) -> Wording | None:
    """Return what was on screen when a grant named this version; None when no Earmark of today knows it."""
    known = (*(each for words in _IN.values() for each in words.values()), *EARLIER_WORDINGS)
    return next((each for each in known if each.version == version), None)
