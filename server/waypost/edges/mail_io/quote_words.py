"""The words by which mail programs of many languages introduce what they quote, forward or sign. Only lists: reading
lines with them is `header_lines.py` and `quote_lines.py`."""

from __future__ import annotations

import re


def _any_of(words: str) -> str:
    return "|".join(re.escape(word) for word in sorted(words.split("|"), key=len, reverse=True))


# "wrote", where it ends the line above a quote.
_WROTE_AT_END = (
    "wrote|writes|a écrit|écrit|a ecrit|schrieb|geschrieben|schreef|schreef het volgende|geschreven|skrev|skreiv"
    "|escribió|escribio|escribi|va escriure|ha escrit|escribiu|escreveu|ha scritto|scrisse|a scris|kirjoitti|kirjutas"
    "|napisał|napisał(a)|napisała|napisał/a|pisze|napsal|napsal(a)|napsala|píše|napísal|napísal(a)|je napisal|napisal"
    "|je napisal/a|je napisao|je napisala|je napisao/la|napisao|napisala|piše|је написао|је написао/ла|пише|írta"
    "|ezt írta|írta a következőt|a következőt írta|написал|написал(а)|написала|писал|писала|писал(а)|пишет|написав"
    "|написав(ла)|написала(ла)|писав|напісаў|написа|напиша|rašė|parašė|rakstīja|skrifaði|έγραψε|έγραψε ο χρήστης"
    "|şunları yazdı|şunu yazdı|şöyle yazdı|yazdı|yazıb|jazdı|жазды|menulis|đã viết|đã viết như sau|viết|เขียนว่า"
    "|เขียน|写道|寫道|写|已写|님이 작성|작성|님이 쓴 글|썼습니다|さんは書きました|は書きました|さんのメッセージ|のメール"
    "|書きました|wrote in message|كتب|كتبت|كتب ما يلي|כתב|כתבה|כתב/ה|כתב|نوشت|نوشته است|نے لکھا|ने लिखा|ने लिखा था"
    "|লিখেছেন|எழுதியது|geskryf|skryf|het geskryf|ysgrifennodd|scríobh|idatzi du|igorleak hau idatzi zuen|shkroi"
    "|ka shkruar"
    "|გაწერა|დაწერა|գրել է|aliandika|sumulat|isinulat|schreven"
)
# "wrote", where the writer's name or the time follows it.
_WROTE_INSIDE = (
    "wrote|schrieb|skrev|schreef|kirjoitti|napsal|napsal(a)|napisał|napisał(a)|написал|написал(а)|пишет|escribió"
    "|escreveu|ha scritto|a écrit|تمت كتابة ما يلي بواسطة|كتب|תאריך|מאת|írta|έγραψε|yazdı|さんは|写道|geschrieben"
    "|geskryf|tarafından yazıldı|用户|пользователь|користувач|użytkownik"
)
WROTE = re.compile(
    rf"(?:^|[\s>\"')\]،,.])(?:{_any_of(_WROTE_AT_END)})\s*(?:\.\.\.)?\s*[:：]?\s*(?:-{{2,4}})?\s*$|"
    rf"(?:写道|寫道|님이 작성|のメール|さんのメッセージ|は書きました)\s*[:：]?\s*$",
    re.IGNORECASE,
)
WROTE_INSIDE = re.compile(rf"(?:^|[\s>\"')\]،])(?:{_any_of(_WROTE_INSIDE)})(?=[\s:،\"<]|$)", re.IGNORECASE)
# What the first line above a quote begins with; then a time or a name follows.
BEGINS = re.compile(
    r"(?:on|at|am|le|el|il|em|op|den|dne|dňa|dnia|w dniu|in data|il giorno|il|a data de|a|em|no dia|pe|dia|la"
    r"|la data de"
    r"|på|på den|kl|ons|tor|fre|man|tir|tis|lør|lör|søn|sön|mån|la|su|ma|ti|ke|to|вт|пн|ср|чт|пт|сб|вс|нд|у|в|во|на|od"
    r"|oд|dana|u|vào|vào lúc|pada|pada tanggal|στις|την|τη|於|于|在|op|e|kuupäeval|kuupäev|gads|þann|בתאריך|ב-|في|در|به"
    r"|mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|mo|di|mi|do|fr|sa|so|pon|wt|śr|czw|pt|sob|ndz|niedz"
    r"|\d|[\"“„'<«])(?=[\s.,\d<\"“„'年月:-]|$)|\d|[\"“<]|[^\W\d_]{2,14}[,.]? \d",
    re.IGNORECASE,
)
ORIGINAL = re.compile(
    r"(?:"
    + _any_of(
        "original message|original email|original e-mail|original mail|original appointment|the original message"
        "|ursprüngliche nachricht|originalnachricht|original-nachricht|ursprüngliche e-mail|urspr. nachricht"
        "|original nachricht"
        "|urspruengliche nachricht|message d'origine|message d’origine|message original|message initial"
        "|courriel original"
        "|mensaje original|correo original|messaggio originale|messaggio original|mensagem original|missatge original"
        "|mensaxe orixinal|oorspronkelijk bericht|origineel bericht|oorspronkelijke bericht|originalmeddelande"
        "|ursprungligt meddelande|original meddelelse|oprindelig meddelelse|opprinnelig melding|originalmelding"
        "|alkuperäinen viesti|alkuperäinen sähköposti|wiadomość oryginalna|oryginalna wiadomość|wiadomosc oryginalna"
        "|původní zpráva|původní e-mail|puvodni zprava|pôvodná správa|eredeti üzenet|eredeti levél|mesaj original"
        "|mesajul original|mesaj iniţial|исходное сообщение|исходное письмо|оригинальное сообщение"
        "|первоначальное сообщение"
        "|вихідне повідомлення|оригінальне повідомлення|початкове повідомлення|арыгінальнае паведамленне"
        "|оригинално съобщение|първоначално съобщение|изворна порука|оригинална порука|izvorna poruka|originalna poruka"
        "|izvirno sporočilo|originalno sporočilo|algne kiri|algne sõnum|sākotnējais ziņojums|originalus laiškas"
        "|pradinis laiškas|αρχικό μήνυμα|orijinal mesaj|orjinal mesaj|özgün ileti|orijinal ileti|özgün mesaj"
        "|原始邮件|原邮件|邮件原件|原始郵件|原始信件|原件|元のメッセージ|オリジナルメッセージ|元のメール|원본 메시지|원본 메일"
        "|원래 메시지|الرسالة الأصلية|رسالة أصلية|הודעה מקורית|ההודעה המקורית|پیام اصلی|pesan asli|mesej asal"
        "|tin nhắn gốc|thư gốc|ข้อความต้นฉบับ|ข้อความเดิม|मूल संदेश|reply message|reply to message|frumskeyti"
        "|upprunaleg skilaboð"
        "|quoted message|citat|цитата|zitat|message cité|mesaj"
    )
    + r")",
    re.IGNORECASE,
)
FORWARDED = re.compile(
    r"(?:"
    + _any_of(
        "begin forwarded message|forwarded message|forwarded email|forwarded mail|forwarded by"
        "|original forwarded message"
        "|forwarded conversation|weitergeleitete nachricht|anfang der weitergeleiteten nachricht"
        "|beginn der weitergeleiteten nachricht"
        "|weitergeleitete e-mail|weitergeleitet von|début du message réexpédié|début du message transféré"
        "|message transféré"
        "|message réexpédié|message transmis|transféré par|inicio del mensaje reenviado"
        "|comienzo del mensaje reenviado|mensaje reenviado"
        "|mensatge reenviat|missatge reenviat|inizia el missatge reenviat|mensaxe reenviada|inizio messaggio inoltrato"
        "|inizio del messaggio inoltrato|messaggio inoltrato|início da mensagem reencaminhada"
        "|início da mensagem encaminhada"
        "|mensagem encaminhada|mensagem reencaminhada|começo da mensagem encaminhada|begin doorgestuurd bericht"
        "|doorgestuurd bericht|doorgezonden bericht|vidarebefordrat brev|vidarebefordrat meddelande"
        "|vidarebefordrat mejl|början på vidarebefordrat brev"
        "|start på videresendt meddelelse|start på videresendt besked|videresendt meddelelse|videresendt besked"
        "|videresend meddelelse|videresendt melding"
        "|videresendt e-post|start på videresendt melding|vidaresend melding|välitetty viesti alkaa|välitetty viesti"
        "|edelleenlähetetty viesti"
        "|alkaa edelleenlähetetty viesti|edastatud kiri|edastatud sõnum|początek przekazywanej wiadomości"
        "|wiadomość przekazana|przekazana wiadomość"
        "|wiadomość przesłana dalej|treść przekazanej wiadomości|treść przekazywanej wiadomości"
        "|začátek přeposílané zprávy|přeposlaná zpráva|předaná zpráva|přeposlaný e-mail"
        "|začiatok preposlanej správy|preposlaná správa|továbbított levél kezdete|továbbított levél"
        "|továbbított üzenet|kezdődik a továbbított üzenet"
        "|începe mesajul redirecționat|mesaj redirecționat|mesajul redirecționat|mesaj redirectionat|mesaj înaintat"
        "|mesaj transmis"
        "|начало переадресованного сообщения|пересылаемое сообщение|пересланное сообщение|переадресованное сообщение"
        "|переслане повідомлення|перенаправленное сообщение|пересланное письмо"
        "|початок листа, що пересилається|повідомлення, що пересилається|перенаправлене повідомлення"
        "|переслане письмо|пересланы ліст|препратено съобщение|препратено писмо"
        "|прослеђена порука|proslijeđena poruka|prosljeđena poruka|proslijedi poruku|proslijeđeni e-mail"
        "|prosleđena poruka|započni proslijeđenu poruku|posredovano sporočilo"
        "|posredovana poruka|persiunčiamas laiškas|persiųstas laiškas|pārsūtītā ziņa|pārsūtīts ziņojums"
        "|αρχή προωθημένου μηνύματος|προωθημένο μήνυμα|προωθούμενο μήνυμα|προωθηθέν μήνυμα"
        "|iletilmiş mesaj|iletilen mesaj|iletilen ileti|iletilmiş ileti|yönlendirilmiş ileti|i̇letilmiş mesaj"
        "|i̇letilen ileti|yönlendirilen ileti|iletinin başlangıcı"
        "|转发的邮件|转发邮件|转发邮件信息|轉寄的郵件|轉寄郵件|轉寄的訊息|已轉寄的郵件|转发的消息|开始转发的邮件|メッセージを転送|転送されたメッセージ|転送メッセージ|転送メール|轉寄信件|以下は転送されたメッセージ"
        "|전달된 메시지|전달된 메일|전달된 이메일|전달 메시지|الرسالة المعاد توجيهها|رسالة معاد توجيهها|رسالة تمت إعادة توجيهها"
        "|بداية الرسالة المعاد توجيهها|הודעה שהועברה|תחילת הודעה שהועברה|הודעה מועברת|پیام هدایت‌شده|پیام ارجاع شده"
        "|pesan yang diteruskan|pesan terusan|mesej yang dimajukan|thư đã chuyển tiếp|thư được chuyển tiếp"
        "|tin nhắn được chuyển tiếp|bắt đầu thư chuyển tiếp|ข้อความที่ส่งต่อ|अग्रेषित संदेश|áframsent skeyti"
        "|framsent skeyti"
    )
    + r")",
    re.IGNORECASE,
)
# The fields of a header block as mail programs write them above a message.
_LABELS = {
    "from": (
        "from|von|de|da|van|från|fra|lähettäjä|od|ot|от|от кого|отправитель|від|від кого|відправник|kimden|gönderen"
        "|feladó|expeditor|expeditorul|de la"
        "|saatja|odesílatel|odesielateľ|šalje|pošiljatelj|pošiljatel|pošiljalac|šiljatelj|прати|шаље|од|от|подател"
        "|απόστολέας|αποστολέας|από|nuo|siuntėjas|no|sūtītājs|kellelt"
        "|发件人|發件人|寄件者|寄件人|差出人|送信元|送信者|보낸 사람|보낸사람|보낸이|발신|from/发件人|من|مُرسل|المرسل|מאת|از|فرستنده|dari|từ|người gửi"
        "|จาก|ผู้ส่ง|प्रेषक|frá|remitente|remetente|mittente|expéditeur|absender|afzender|avsändare|avsender"
        "|afsender|nadawca|igorlea|enviado por"
    ),
    "to": (
        "to|an|à|a|para|per|aan|till|til|vastaanottaja|do|komu|kam|кому|до|до кого|до|kime|alıcı|címzett|către|catre"
        "|destinatar|destinatarul|destinataire|destinatario|destinatário|adresát|adresat|získava"
        "|prima|za|primatelj|примаоц|прима|коме|получател|на|получатель|одержувач|προς|παραλήπτης|kam|gavėjas"
        "|saņēmējs|saaja|kellele|收件人|收件者|宛先|送信先|받는 사람|받는사람|수신|받는이|إلى|המקבל|אל|לכבוד|به|گیرنده|kepada|untuk|đến|tới"
        "|ถึง|ผู้รับ|प्रति|til|empfänger|mottagare|mottaker|modtager|odbiorca|pre"
    ),
    "cc": (
        "cc|kopie|kopia|kopi|copie|copie à|copia|copia per|cópia|kopio|dw|udw|do wiadomości|másolat|másolatot kap"
        "|копия|копія|bilgi|karbon kopya|kópia|koopia|kopija|копија|копие|κοιν|κοινοποίηση|抄送|副本|抄送人|参照|참조|نسخة|נسخة"
        "|עותק|העתק|رونوشت|tembusan|sao|đồng kính gửi|สำเนา|प्रतिलिपि|afrit|cc à|en copie"
    ),
    "date": (
        "date|sent|sent at|sent on|datum|gesendet|gesendet am|datum|date d'envoi|envoyé|envoyé le|envoyée|message du"
        "|envoi|fecha|enviado|enviado el|enviado em|enviada|enviada em|enviat|data|data invio|inviato|inviato il"
        "|verzonden|verstuurd|verzonden op|datum|dato|sendt|skickat|skickades|lähetetty|päiväys|päivämäärä|wysłano"
        "|wysłany|data|odesláno|odeslané|odoslané|poslané|datum|dátum|elküldve|küldve|date|dată|trimis|trimis la"
        "|data|дата|отправлено|отправлен|надіслано|відправлено|дата|изпратено|послато|датум|poslano|poslato|slanje"
        "|datums|nosūtīts|išsiųsta|data|saadetud|kuupäev|gönderildi|gönderme tarihi|tarih|gönderim tarihi|ημερομηνία"
        "|στάλθηκε|αποστολή|发送时间|发送日期|日期|時間|时间|傳送時間|寄件日期|發送時間|寄件時間|发件时间|送信日時|日付|日時|送信|送信日|보낸 날짜|보낸 시간|날짜|일시|보낸시간"
        "|التاريخ|تاريخ الإرسال|أُرسلت|تم الإرسال|תאריך|נשלח|تاریخ|ارسال|tanggal|dikirim|ngày|đã gửi|gửi|วันที่"
        "|ส่งเมื่อ|दिनांक|तारीख|dagsetning|sent|data/hora|fecha de envío"
    ),
    "subject": (
        "subject|betreff|betr|objet|sujet|asunto|oggetto|assunto|onderwerp|ämne|emne|aihe|otsikko|temat|předmět"
        "|predmet|predmet|tárgy|subiect|subiectul|тема|относно|предмет|наслов|naslov|tema|konu|temats|tēma|tema"
        "|teema|θέμα|主题|主題|主旨|標題|标题|件名|题目|제목|الموضوع|موضوع|נושא|subjek|perihal|judul|chủ đề|tiêu đề|เรื่อง|หัวเรื่อง"
        "|विषय|efni|assumpte|gaia|re"
    ),
    "other": (
        "reply-to|reply to|antwort an|répondre à|responder a|rispondi a|antwoord aan|svar till|svar til|vastaa"
        "|odpowiedz do|odpovědět|válaszcím|răspuns către|ответить|кому відповісти|回复|返信先|답장|importance|wichtigkeit"
        "|priorität|priority|priorité|prioridad|priorità|prioriteit|attachments|attachment|anlagen|pièces jointes"
        "|datos adjuntos|allegati|anexos|bijlagen|bilagor|вложения|附件|添付ファイル|bcc|cci|cco|ccn|resent-from|resent-date"
        "|resent-to|organization|sender|message-id|x-mailer|categories|sensitivity|newsgroups|mailed-by|signed-by"
    ),
}
# A word of several languages counts for the role that is named first.
ROLES: dict[str, str] = {}
for _role in ("from", "to", "cc", "date", "subject", "other"):
    for _word in _LABELS[_role].split("|"):
        ROLES.setdefault(_word, _role)

# A device or program that signs for the writer.
_DEVICE = (
    r"iphone|ipad|ipod|android|samsung|galaxy|huawei|xiaomi|oneplus|pixel|htc|nokia|blackberry|windows|outlook"
    r"|mobile|phone|smartphone|mobil\w*|mail|gmail|yahoo|aol"
    r"|airmail|mailbox|proton\w*|posteo|k-9|fairemail|bluemail|typeapp|mailbird|spark|superhuman|thunderbird|hey"
    r"|tablet|handy|telefon\w*|téléphone|móvil|celular|cellulare|device|cell|wireless|at&t"
    r"|verizon|t-mobile|front|missive|canary|edison|newton|polymail|telefoon|puhelim\w*|телефон\w*|устройств\w*"
    r"|iphone'\w+|gmx|web\.de|freenet|t-online|orange|sfr|libero|tiscali|zoho|fastmail|tutanota|tuta|shortwave"
)
SENT_FROM = re.compile(
    r"""^[\s*_~<(\[>‐-]*(?:
      (?:this\ (?:e-?mail|message)\ (?:was|is)\ )?(?:sent|send)\ (?:securely\ )?(?:from|via|with|using|by|on)\b.{1,90}
    | sent\ (?:on\ the\ go|securely|while\ mobile)\b.{0,80}
    | (?:from|via)\ (?:my|mobile)\ .{1,50} | someone\ from\ mobile
    | get\ \[?(?:outlook|bluemail|typeapp|yahoo|protonmail|proton\ mail)\b.{0,100} | download\ (?:yahoo|spark
      |bluemail)\ .{1,80}
    | (?:diese\ (?:nachricht|e-?mail|mail)\ wurde\ )?(?:von|vom|mit|aus|über)\ .{1,70}\b(?:gesendet|verschickt
      |geschickt|gesandt|verfasst)\b.{0,60}
    | (?:diese\ (?:nachricht|e-?mail|mail)\ )?(?:wurde\ )?(?:gesendet|verschickt|geschickt|gesendet\ von
      |verfasst)\ (?:mit|von|vom|über|per|aus|via)\ .{1,90}
    | holen\ sie\ sich\ outlook\b.{0,80} | outlook\ für\ (?:ios|android)\b.{0,60} | laden\ sie\ .{1,40}\ herunter.{0,60}
    | (?:ce\ (?:message|courriel|mail)\ a\ été\ )?(?:envoyé|provenance|expédié|envoyée)(?:\ (?:depuis|de|à\ partir
      |avec|par|via|du|d'))\b.{1,90}
    | (?:télécharger|obtenir|obtenez)\ outlook\b.{0,80}
    | (?:enviado|enviada|enviat)\ (?:desde|de|do|da|com|con|via|a\ partir|pelo|por|mediante|des)\b.{1,90}
      | (?:obtener|obter|obtenga|obtenha|descargar|baixar)\ (?:o\ )?outlook\b.{0,80}
    | inviat[oa]\ (?:da|dal|con|tramite|via|mediante)\b.{1,90} | (?:ottieni|scarica)\ outlook\b.{0,80}
    | (?:verzonden|verstuurd|gestuurd|verzond)\ (?:vanaf|van|met|via|vanuit|door)\b.{1,90} | outlook\ (?:voor|för|til
      |for|pour|para|per|dla|pro)\ (?:ios|android)\b.{0,60} | (?:download|haal)\ outlook\b.{0,80}
    | (?:skickat|skickades)\ (?:från|med|via)\b.{1,90} | (?:sendt|send)\ (?:fra|med|via)\b.{1,90} | (?:hämta|hent|få
      |skaff)\ outlook\b.{0,80}
    | lähetetty\b.{1,90} | (?:hanki|lataa)\ outlook\b.{0,80} | saadetud\ minu\b.{1,90} | sent\ úr\b.{1,80}
    | (?:wysłane|wysłano|wysłana)\ (?:z|za|przy|ze|przez)\b.{1,90} | (?:pobierz
      |uzyskaj)\ (?:aplikację\ )?outlook\b.{0,80}
    | (?:odesláno|odoslané|poslané|posláno|poslano|poslato|посла\w+|послано)\ (?:z|s|iz|sa|из|од|pomocí
      |prostredníctvom)\b.{1,90} | (?:získat|získať)\ outlook\b.{0,80}
    | .{1,40}\bküldve\b.{0,30} | elküldve\b.{1,60} | trimis\ (?:de\ pe|din|cu|prin)\b.{1,80} | (?:şuradan
      |.{1,40}'(?:dan|den|ımdan|imden|umdan|ümden))\ gönderildi\b.{0,30} | .{1,60}\ (?:gönderildi
      |tarafından\ gönderildi)\W*
    | (?:отправлено|отправленно|послано|написано)\ (?:с|из|от|через|со)\b.{1,90} | (?:надіслано|відправлено)\ (?:з|із
      |через|від)\b.{1,90} | изпратено\ от\b.{1,80} | (?:загрузить|скачать|завантажити)\ outlook\b.{0,60}
    | (?:στάλθηκε|εστάλη|αποστολή)\ (?:από|μέσω)\b.{1,80} | išsiųsta\ iš\b.{1,80} | nosūtīts\ no\b.{1,80}
      | poslano\ s\ (?:mojega|mog)\b.{1,80}
    | 从我的.{1,40}发送.{0,10} | 從我的.{1,40}(?:傳送|發送).{0,10} | 发自我的.{1,40} | 發自我的.{1,40} | 来自我的.{1,40} | 寄自我的.{1,40}
      | 发自.{1,40} | 由\ ?.{1,30}\ ?发送 | 获取\ ?outlook.{0,60} | 取得\ ?outlook.{0,60} | 從.{1,30}傳送
    | .{1,40}から送信.{0,10} | outlook\ ?for\ ?.{0,60}を入手.{0,60} | .{1,40}에서\ (?:보냄|보낸\ 메일|전송됨|보냈습니다).{0,10} | (?:나의
      |내)\ .{1,40}에서\ 보냄.{0,10}
    | (?:أُرسلت|أرسلت|مرسل|تم\ الإرسال|أُرسل|أرسل)\ (?:من|بواسطة|عبر)\b.{1,80} | نشلח.{1,60} | נשלח\ (?:מ|מה
      |באמצעות).{1,60} | ارسال\ شده\ از.{1,60}
    | dikirim\ (?:dari|melalui|menggunakan)\b.{1,80} | (?:được\ )?gửi\ từ\b.{1,80} | đã\ gửi\ từ\b.{1,80}
      | ส่งจาก.{1,60} | मेरे\ .{1,40}\ से\ भेजा\ गया.{0,10} | ipinadala\ mula.{1,60}
    )[\s*_~>)\]]*$""",
    re.IGNORECASE | re.VERBOSE,
)
# "Sent from", "Lähetetty" and the like are words of people too: only with a device or program behind them do they count
# where they do not stand in a paragraph of their own at the end.
DEVICE = re.compile(rf"\b(?:{_DEVICE})\b|我的|私の|내|나의|जि", re.IGNORECASE)
# Text that mailing lists, scanners and help desks add below everything.
FOOTER = re.compile(
    r"^[\s*_>|-]*(?:to unsubscribe\b|unsubscribe\b|you (?:are receiving|received) this\b|you're receiving this\b"
    r"|reply to this e?-?mail directly|reply above this line"
    r"|[\w.+-]{1,40}(?: [\w.-]{1,30})? mailing list\s*(?:[-–<(:].*)?$|mailing list\s*:|this (?:e-?mail"
    r"|message) (?:has been|was) (?:scanned|checked)\b|virus-free\b|virenfrei\b|diese (?:e-?mail"
    r"|nachricht) wurde (?:von|auf) .{0,40}(?:viren|avast)"
    r"|sans virus\b|garanti sans virus|libre de virus|mail priva di virus|l'absence de virus|scanned by\b"
    r"|no virus found\b|checked by avg\b"
    r"|um (?:sich )?abzumelden|se désabonner|pour vous désabonner|para cancelar la suscripción"
    r"|per annullare l'iscrizione|отписаться|do you yahoo|powered by\b.{0,40}$)",
    re.IGNORECASE,
)
SEPARATOR = re.compile(r"^[\s>*]*(?:[-_=~*#+]\s?){3,}[\s*]*$|^\s*[—–―‗]{2,}\s*$")
SIGNATURE_MARK = re.compile(r"^\s*(?:--|__|—|–|―|--\s*—)[\s\u00a0]*$|^\s*[—–―]{2,}\s*$")
