"""Made data: short messages to a shop's service, and embeddings of pictures. Nobody wrote or drew them.

Real sets of either kind that are free to ship are too large for a test, so these are drawn from a
seed. A message is a sentence of a class's phrases, in English or German, with a typing slip in some
of its words and phrases that say nothing around it. An embedding of a class lies around a centre of
its own in 32 dimensions, as the last layer of a vision network has it. drift() gives the classes what
they have after a change: other phrases for the same matters, other centres (a new camera).
"""
import base64
import random
import struct

GREETINGS = ["hello", "hi there", "good morning", "guten Tag", "hallo", "dear team", ""]
ENDINGS = ["thanks", "please help", "danke", "regards", "bitte um Antwort", "best wishes", ""]
FILLERS = ["since yesterday", "for my last order", "seit gestern", "again", "as before", "schon wieder", "number 4711"]
PHRASES = {
    "billing": ["I was charged twice", "the invoice is wrong", "please refund my card", "falsche Rechnung erhalten",
                "the payment failed", "Betrag doppelt abgebucht"],
    "delivery": ["the parcel has not arrived", "my shipment is late", "Paket ist beschädigt", "courier left it outside",
                 "Lieferung fehlt noch", "where is my package"],
    "login": ["I cannot sign in", "my password does not work", "Anmeldung schlägt fehl", "the account is locked",
              "no code by mail", "Passwort vergessen"],
}
# What is said of the same matters once the shop has a wallet, lockers and passkeys. The words of one
# matter were another's before: who learnt them is misled.
LATER = {
    "billing": ["the wallet code does not arrive", "wallet is locked after top up", "Guthaben fehlt im Konto",
                "voucher left outside the balance"],
    "delivery": ["the locker refuses my password", "cannot sign for the locker", "Abholcode doppelt erhalten",
                 "locker charged a late fee"],
    "login": ["passkey is late", "where is my passkey invoice number", "Passkey ist beschädigt", "the passkey parcel failed"],
}


class Messages:
    def __init__(self, seed, noise=0.04):
        self.random, self.noise, self.number, self.phrases = random.Random(seed), noise, 0, PHRASES

    def drift(self):
        self.phrases = LATER

    def slip(self, word):
        if len(word) > 3 and self.random.random() < 0.08:
            at = self.random.randrange(len(word) - 1)
            return word[:at] + word[at + 1] + word[at] + word[at + 2:]
        return word.upper() if self.random.random() < 0.03 else word

    def rows(self, count):
        for _ in range(count):
            self.number += 1
            label = self.random.choice(list(self.phrases))
            said = self.random.choice(list(self.phrases)) if self.random.random() < self.noise else label
            parts = [self.random.choice(GREETINGS), self.random.choice(self.phrases[said]), self.random.choice(FILLERS),
                     self.random.choice(ENDINGS)]
            text = ", ".join(" ".join(map(self.slip, part.split())) for part in parts if part)
            yield {"id": str(self.number), "features": {"body": text, "length": len(text)}}, label


class Pictures:
    SIZE = 32
    CLASSES = ["cat", "dog", "bird"]

    def __init__(self, seed, spread=1.0):
        self.random, self.spread, self.number = random.Random(seed), spread, 0
        self.drift()

    def drift(self):
        self.centres = {c: [self.random.gauss(0, 0.6) for _ in range(self.SIZE)] for c in self.CLASSES}

    def rows(self, count):
        """Every other one as base64 of float32, little endian; one in forty without its embedding."""
        for _ in range(count):
            self.number += 1
            label = self.random.choice(self.CLASSES)
            vector = [self.random.gauss(mean, self.spread) for mean in self.centres[label]]
            if self.number % 2:
                vector = base64.b64encode(struct.pack(f"<{self.SIZE}f", *vector)).decode()
            if self.number % 40 == 0:
                vector = None
            yield {"id": str(self.number), "features": {"embedding": vector, "width": self.number % 640}}, label
