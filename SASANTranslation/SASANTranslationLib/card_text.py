"""A model's card for people, as rich text. A card may come from anyone, so all of its text is escaped."""

from html import escape

from slicer.i18n import tr as _


def tooltip(model):
    """A `models.Model` in a few lines."""
    if model.problem:
        return escape(model.problem)
    card = model.card
    lines = [
        f"<b>{_text(card, 'title')}</b> {_text(card, 'version')}",
        _text(card, "description"),
        _("Anatomy: {anatomy}. Licence: {licence}.").format(
            anatomy=_text(card, "anatomy"), licence=_text(card, "licence")
        ),
    ]
    return "<p>" + "</p><p>".join(line for line in lines if line) + "</p>"


def details(model):
    """A `models.Model` in full: what it is for, how good it is, whose it is."""
    if model.problem:
        return f"<p>{escape(model.problem)}</p>"
    card, training = model.card, model.card.get("training", {})
    rows = [
        (_("Name"), f"{escape(model.name)} {_text(card, 'version')}"),
        (_("Translates"), " ↔ ".join(_domain(card["domains"][key]) for key in "ab")),
        (_("Anatomy"), _text(card, "anatomy")),
        (_("Planes"), escape(", ".join(model.planes))),
        (_("Intended use"), _text(card, "intended_use")),
        (_("Limitations"), _text(card, "limitations")),
        (_("Training data"), _text(training, "data")),
        (_("Trained"), _training(training)),
        (_("Licence"), _text(card, "licence")),
        (_("Attribution"), _text(card, "attribution")),
        (_("Citation"), _text(card, "citation")),
        (_("Folder"), escape(str(model.folder))),
    ]
    body = "".join(_row(f"<b>{label}</b>", text) for label, text in rows if text)
    return f"<p>{_text(card, 'description')}</p>{_table(body)}{_metrics(card.get('metrics'))}"


def _domain(domain):
    return f"{_text(domain, 'name')} ({_text(domain, 'units')})"


def _training(training):
    if not training:
        return ""
    values = {key: _text(training, key) for key in ("subjects", "steps", "hours", "device")}
    return _("{subjects} subjects, {steps} steps, {hours} hours on {device}").format(**values)


def _metrics(rows):
    """A table of the card's metrics, which are of subjects that training did not see."""
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        return ""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    head = _row(*(f"<b>{escape(str(column))}</b>" for column in columns))
    body = "".join(_row(*(_text(row, column) for column in columns)) for row in rows)
    return f"<p><b>{_('Metrics')}</b></p>{_table(head + body)}"


def _row(*cells):
    return "<tr>" + "".join(f"<td style='padding-right: 10px'>{cell}</td>" for cell in cells) + "</tr>"


def _table(rows):
    return f"<table cellspacing='2'>{rows}</table>"


def _text(part, key):
    value = part.get(key)
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else escape(str(value))
