"""Data written as YAML in every style that people use, chosen at random."""

import json


class Raw(str):
    """A scalar that is written as it stands."""


class Writer:
    """Writes one document; `odd` is how often a style other than the plain one is taken."""

    def __init__(self, rng, odd):
        self.rng = rng
        self.odd = odd
        self.step = rng.choice([2, 2, 2, 4])
        self.indented_lists = rng.random() < 0.5
        self.anchors = []

    def chance(self, probability):
        return self.rng.random() < probability * self.odd

    def comment(self):
        return self.rng.choice([" # note", "  # a: b", " #", ' # "x"', " # ünï"]) if self.chance(0.08) else ""

    def document(self, data):
        text = "".join(self.lead() + line + "\n" for line in self.block(data, 0))
        if self.chance(0.1):
            text = text.replace("\n", "\r\n")
        if self.chance(0.1):
            text = text.rstrip("\n")
        if self.chance(0.1):
            text = "---\n" + text
        if self.chance(0.03):
            text = "\ufeff" + text
        return text

    def lead(self):
        return self.rng.choice(["# a line\n", "\n", "#\n"]) if self.chance(0.01) else ""

    def block(self, value, depth):
        """The lines of a value, as if at column 0; the caller indents them."""
        if isinstance(value, dict) and value and not self.chance(0.06):
            return self.mapping(value)
        if isinstance(value, list) and value and not self.chance(0.06):
            return self.sequence(value)
        return [self.flow(value)]

    def mapping(self, value):
        lines = []
        for key, item in value.items():
            name = self.key(key)
            if isinstance(item, str) and not isinstance(item, Raw) and ("\n" in item or self.chance(0.05)) and self.literal_fits(item):
                lines += [f"{name}: {line}" if at == 0 else line for at, line in enumerate(self.literal(item))]
                continue
            inner = self.block(item, 0)
            nested = isinstance(item, (dict, list)) and item and not (len(inner) == 1 and inner[0][:1] in "[{")
            if not nested:
                lines.append(f"{name}: {inner[0]}{self.comment()}")
                lines += ["  " + line for line in inner[1:]]
                continue
            shift = self.step if isinstance(item, dict) or self.indented_lists else 0
            lines.append(f"{name}:{self.comment()}")
            lines += [" " * shift + line for line in inner]
        return lines

    def sequence(self, value):
        lines = []
        for item in value:
            inner = self.block(item, 0)
            lines.append("- " + inner[0])
            lines += ["  " + line for line in inner[1:]]
        return lines

    def literal_fits(self, text):
        return text.strip() != "" and text.isprintable() or "\n" in text and "\r" not in text and text.strip("\n ") == text.strip("\n") and text[:1] not in " \n\t"

    def literal(self, text):
        tail = "-" if not text.endswith("\n") else ("+" if text.endswith("\n\n") else "")
        mark = "|" if "\n" in text or self.rng.random() < 0.6 else ">"
        return [mark + tail] + ["  " + line if line else "" for line in text.split("\n")[: None if tail == "-" else -1]]

    def key(self, key):
        if isinstance(key, Raw):
            return str(key)
        return self.scalar(key) if not key or self.chance(0.04) or not plain(key) else key

    def flow(self, value):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.key(k)}: {self.flow(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.flow(item) for item in value) + "]"
        return self.scalar(value)

    def scalar(self, value):
        if isinstance(value, Raw):
            return str(value)
        if value is None:
            return self.rng.choice(["null", "~", "null"])
        if isinstance(value, bool):
            return self.rng.choice(["true", "True", "TRUE"] if self.chance(0.1) else ["true"]) if value else "false"
        if isinstance(value, (int, float)):
            return str(value)
        if plain(value) and not self.chance(0.1):
            return value
        if self.chance(0.4) and value.isprintable() or "'" not in value and '"' in value and value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value, ensure_ascii=False)


def plain(text):
    """Whether a text can stand without quotes and stays a string."""
    first = text[:1]
    return (
        first.isalpha()
        and text.isprintable()
        and all(c.isalnum() or c in "-_./$()" for c in text)
        and text.lower() not in ("true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan")
        and not text.lower().startswith("e") * text[1:].isdigit()
    )
