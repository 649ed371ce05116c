"""Help centers of the demo in other languages, so that searches know other forms of words. Written for the demo, whose
firm and product are invented."""

from __future__ import annotations

from typing import Final

import msgspec


class ArticleAbroad(msgspec.Struct, frozen=True):
    """One article: its category, name, HTML, and words by which it is found as well."""

    category: str
    name: str
    html: str
    keywords: tuple[str, ...] = ()


class CenterAbroad(msgspec.Struct, frozen=True):
    """A site with one collection."""

    sub_domain: str
    language: str
    title: str
    description: str
    collection: str
    articles: tuple[ArticleAbroad, ...]


GERMAN: Final = CenterAbroad(
    "hilfe",
    "german",
    "Hilfe zu Juniper Mail",
    "Antworten auf häufige Fragen.",
    "Juniper Mail",
    (
        ArticleAbroad(
            "Einrichten",
            "Ein Konto hinzufügen",
            "<p>Juniper Mail holt die Nachrichten beliebig vieler Postfächer ab. Für jedes brauchst du die Adresse und das"
            " Passwort.</p><ol><li>Öffne <strong>Einstellungen</strong> und wähle <strong>Konten</strong>.</li>"
            "<li>Drücke <strong>Hinzufügen</strong> und gib deine Adresse ein.</li><li>Die Server werden meist von selbst"
            " gefunden. Wenn nicht, frag deinen Anbieter nach ihren Namen.</li></ol><p>Bei Anbietern mit Anmeldung in zwei"
            " Schritten legst du dort zuerst ein eigenes Passwort für Programme an.</p>",
            ("einrichten", "Postfach", "IMAP"),
        ),
        ArticleAbroad(
            "Einrichten",
            "Ordner auf dem Telefon und am Rechner gleich halten",
            "<p>Über IMAP liegen die Ordner auf dem Server, und alle Geräte zeigen dieselben. Wer seine Nachrichten über POP"
            " holt, hat sie nur auf einem Gerät.</p><p>Fehlen Ordner, dann sieh unter <strong>Konten → Ordner</strong> nach,"
            " ob sie abonniert sind. Große Ordner brauchen beim ersten Mal einige Minuten.</p>",
            ("Synchronisieren", "Abgleich"),
        ),
        ArticleAbroad(
            "Fehler beheben",
            "Nachrichten werden nicht gesendet",
            "<p>Bleiben Nachrichten im Postausgang liegen, hat das meist einen von drei Gründen:</p><ul><li>Das Passwort"
            " wurde geändert. Gib es unter <strong>Konten</strong> neu ein.</li><li>Ein Anhang ist zu groß. Viele Anbieter"
            " nehmen höchstens 25 MB an.</li><li>Ein öffentliches Netz sperrt den Versand. Probiere es in einem"
            " anderen.</li></ul><p>Die Meldung des Servers steht unter <strong>Hilfe → Protokoll</strong>.</p>",
            ("SMTP", "Postausgang"),
        ),
        ArticleAbroad(
            "Fehler beheben",
            "Gelöschte Nachrichten wiederfinden",
            "<p>Gelöschtes bleibt dreißig Tage im Papierkorb. Markiere die Nachricht dort und wähle"
            " <strong>Zurücklegen</strong>.</p><p>Ist der Papierkorb geleert, hilft nur noch eine Sicherung: deine eigene"
            " oder die deines Anbieters.</p>",
            ("Papierkorb", "löschen"),
        ),
        ArticleAbroad(
            "Bestellungen und Rechnungen",
            "Eine Rechnung herunterladen",
            "<p>Alle Rechnungen stehen in deinem Kundenkonto unter <strong>Bestellungen</strong>. Braucht deine Buchhaltung"
            " eine andere Anschrift, dann schreib uns vor dem Ende des Monats, und wir stellen die Rechnung neu aus.</p>",
            ("Beleg", "Umsatzsteuer"),
        ),
        ArticleAbroad(
            "Bestellungen und Rechnungen",
            "Den Tarif wechseln oder kündigen",
            "<p>Ein größerer Tarif gilt sofort, und du zahlst nur den Unterschied. Ein kleinerer gilt, wenn der bezahlte"
            " Zeitraum zu Ende ist.</p><p>Kündigen kannst du jederzeit im Kundenkonto. Innerhalb von dreißig Tagen nach dem"
            " Kauf erstatten wir den Preis ganz.</p>",
            ("Kündigung", "Abonnement", "Erstattung"),
        ),
    ),
)

FRENCH: Final = CenterAbroad(
    "aide",
    "french",
    "Aide de Juniper Mail",
    "Les réponses aux questions fréquentes.",
    "Juniper Mail",
    (
        ArticleAbroad(
            "Premiers pas",
            "Ajouter un compte",
            "<p>Juniper Mail relève autant de boîtes que vous le souhaitez. Pour chacune, il faut l'adresse et le mot de"
            " passe.</p><ol><li>Ouvrez <strong>Réglages</strong>, puis <strong>Comptes</strong>.</li><li>Choisissez"
            " <strong>Ajouter</strong> et saisissez votre adresse.</li><li>Les serveurs sont trouvés d'eux-mêmes le plus"
            " souvent ; sinon, demandez leurs noms à votre fournisseur.</li></ol><p>Si votre fournisseur demande une"
            " connexion en deux étapes, créez d'abord chez lui un mot de passe d'application.</p>",
            ("configuration", "IMAP"),
        ),
        ArticleAbroad(
            "Premiers pas",
            "Importer son carnet d'adresses",
            "<p>Exportez vos contacts de l'ancien logiciel au format vCard ou CSV, puis choisissez <strong>Contacts →"
            " Importer</strong>. Les doublons sont signalés avant l'importation, et rien n'est écrasé sans votre"
            " accord.</p>",
            ("contacts", "vCard"),
        ),
        ArticleAbroad(
            "Dépannage",
            "Les messages ne partent pas",
            "<p>Quand des messages restent dans la boîte d'envoi, la cause est presque toujours l'une de"
            " celles-ci :</p><ul><li>Le mot de passe a changé : saisissez-le de nouveau dans"
            " <strong>Comptes</strong>.</li><li>Une pièce jointe est trop lourde : beaucoup de fournisseurs refusent plus de"
            " 25 Mo.</li><li>Un réseau public bloque l'envoi : essayez-en un autre.</li></ul><p>La réponse du serveur se"
            " trouve dans <strong>Aide → Journal</strong>.</p>",
            ("SMTP", "envoi"),
        ),
        ArticleAbroad(
            "Dépannage",
            "Retrouver un message supprimé",
            "<p>Les messages supprimés restent trente jours dans la corbeille. Sélectionnez le message et choisissez"
            " <strong>Remettre en place</strong>.</p><p>Si la corbeille a été vidée, il ne reste qu'une sauvegarde : la vôtre"
            " ou celle de votre fournisseur.</p>",
            ("corbeille", "récupérer"),
        ),
        ArticleAbroad(
            "Commandes et factures",
            "Télécharger une facture",
            "<p>Toutes les factures se trouvent dans votre espace client, sous <strong>Commandes</strong>. S'il faut une autre"
            " adresse, écrivez-nous avant la fin du mois : nous établirons une nouvelle facture.</p>",
            ("reçu", "TVA"),
        ),
        ArticleAbroad(
            "Commandes et factures",
            "Changer d'offre ou résilier",
            "<p>Une offre supérieure s'applique tout de suite, et vous ne payez que la différence. Une offre inférieure"
            " s'applique à la fin de la période payée.</p><p>Vous pouvez résilier à tout moment dans votre espace client. Dans"
            " les trente jours qui suivent l'achat, nous remboursons la totalité du prix.</p>",
            ("résiliation", "abonnement", "remboursement"),
        ),
    ),
)

CENTERS_ABROAD: Final = (GERMAN, FRENCH)
