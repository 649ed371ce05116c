"""What is said when a message cannot be sent as it is, and when it has been."""

from __future__ import annotations

#: Phrase -> language -> text. Addressed politely where a language has a polite form.
PHRASES: dict[str, dict[str, str]] = {
    "faults_title": {
        "en": "The message has not been sent yet",
        "de": "Die Nachricht wurde noch nicht gesendet",
        "fr": "Le message n’a pas encore été envoyé",
        "es": "El mensaje aún no se ha enviado",
        "ja": "まだ送信されていません",
        "it": "Il messaggio non è ancora stato inviato",
        "nl": "Het bericht is nog niet verstuurd",
        "pt": "A mensagem ainda não foi enviada",
    },
    "contact_no_name": {
        "en": "Please enter your name.",
        "de": "Bitte geben Sie Ihren Namen ein.",
        "fr": "Veuillez indiquer votre nom.",
        "es": "Indique su nombre.",
        "ja": "お名前を入力してください。",
        "it": "Inserisci il tuo nome.",
        "nl": "Vul uw naam in.",
        "pt": "Informe seu nome.",
    },
    "contact_no_email": {
        "en": "Please enter your e-mail address, so that we can answer.",
        "de": "Bitte geben Sie Ihre E-Mail-Adresse ein, damit wir antworten können.",
        "fr": "Veuillez indiquer votre adresse e-mail pour que nous puissions répondre.",
        "es": "Indique su correo electrónico para que podamos responderle.",
        "ja": "回答のため、メールアドレスを入力してください。",
        "it": "Inserisci il tuo indirizzo e-mail, così possiamo rispondere.",
        "nl": "Vul uw e-mailadres in, zodat we kunnen antwoorden.",
        "pt": "Informe seu e-mail para que possamos responder.",
    },
    "contact_no_subject": {
        "en": "Please say in a few words what it is about.",
        "de": "Bitte sagen Sie in wenigen Worten, worum es geht.",
        "fr": "Veuillez indiquer en quelques mots de quoi il s’agit.",
        "es": "Indique en pocas palabras de qué se trata.",
        "ja": "ご用件を簡潔に入力してください。",
        "it": "Indica in poche parole di cosa si tratta.",
        "nl": "Vertel in een paar woorden waar het om gaat.",
        "pt": "Diga em poucas palavras do que se trata.",
    },
    "contact_no_message": {
        "en": "Please write your message.",
        "de": "Bitte schreiben Sie Ihre Nachricht.",
        "fr": "Veuillez écrire votre message.",
        "es": "Escriba su mensaje.",
        "ja": "お問い合わせ内容を入力してください。",
        "it": "Scrivi il tuo messaggio.",
        "nl": "Schrijf uw bericht.",
        "pt": "Escreva sua mensagem.",
    },
    "contact_bad_email": {
        "en": "This does not look like an e-mail address. An example: jane@example.org",
        "de": "Das sieht nicht nach einer E-Mail-Adresse aus. Ein Beispiel: anna@example.org",
        "fr": "Cela ne ressemble pas à une adresse e-mail. Exemple : anne@example.org",
        "es": "Esto no parece una dirección de correo. Ejemplo: ana@example.org",
        "ja": "メールアドレスの形式が正しくありません。例：hanako@example.org",
        "it": "Non sembra un indirizzo e-mail. Un esempio: anna@example.org",
        "nl": "Dit lijkt geen e-mailadres. Een voorbeeld: anna@example.org",
        "pt": "Isto não parece um e-mail. Exemplo: ana@example.org",
    },
    "contact_own_email": {
        "en": "This is our own address. Please enter yours, so that our answer reaches you.",
        "de": "Das ist unsere eigene Adresse. Bitte geben Sie Ihre ein, damit unsere Antwort Sie erreicht.",
        "fr": "C’est notre propre adresse. Indiquez la vôtre pour recevoir notre réponse.",
        "es": "Esta es nuestra dirección. Indique la suya para que reciba nuestra respuesta.",
        "ja": "これは当方のアドレスです。回答をお届けするため、ご自身のアドレスを入力してください。",
        "it": "Questo è il nostro indirizzo. Inserisci il tuo, così la risposta ti arriva.",
        "nl": "Dit is ons eigen adres. Vul het uwe in, zodat ons antwoord u bereikt.",
        "pt": "Este é o nosso próprio endereço. Informe o seu para receber nossa resposta.",
    },
    "contact_too_long": {
        "en": "This is too long.",
        "de": "Das ist zu lang.",
        "fr": "C’est trop long.",
        "es": "Es demasiado largo.",
        "ja": "長すぎます。",
        "it": "È troppo lungo.",
        "nl": "Dit is te lang.",
        "pt": "Isto é longo demais.",
    },
    "contact_program": {
        "en": "Files that are programs cannot be sent.",
        "de": "Dateien, die Programme sind, können nicht gesendet werden.",
        "fr": "Les fichiers qui sont des programmes ne peuvent pas être envoyés.",
        "es": "No se pueden enviar archivos que sean programas.",
        "ja": "プログラムファイルは送信できません。",
        "it": "I file che sono programmi non possono essere inviati.",
        "nl": "Programmabestanden kunnen niet worden verstuurd.",
        "pt": "Arquivos que são programas não podem ser enviados.",
    },
    "contact_files_again": {
        "en": "Please choose your files again.",
        "de": "Bitte wählen Sie Ihre Dateien noch einmal aus.",
        "fr": "Veuillez choisir à nouveau vos fichiers.",
        "es": "Vuelva a elegir sus archivos.",
        "ja": "ファイルをもう一度選択してください。",
        "it": "Scegli di nuovo i tuoi file.",
        "nl": "Kies uw bestanden opnieuw.",
        "pt": "Escolha seus arquivos novamente.",
    },
    "contact_stale": {
        "en": "This page was open for a long time. Please look through your message and send it once more.",
        "de": "Diese Seite war lange offen. Bitte sehen Sie Ihre Nachricht durch und senden Sie sie noch einmal.",
        "fr": "Cette page est restée longtemps ouverte. Relisez votre message et envoyez-le à nouveau.",
        "es": "Esta página llevaba mucho tiempo abierta. Revise su mensaje y envíelo otra vez.",
        "ja": "ページを開いてから時間が経ちました。内容をご確認のうえ、もう一度送信してください。",
        "it": "Questa pagina è rimasta aperta a lungo. Rileggi il messaggio e invialo di nuovo.",
        "nl": "Deze pagina stond lang open. Lees uw bericht na en verstuur het nog eens.",
        "pt": "Esta página ficou aberta por muito tempo. Revise sua mensagem e envie de novo.",
    },
    "contact_too_quick": {
        "en": "That was quicker than anybody types. Please look through your message and send it once more.",
        "de": (
            "Das ging schneller, als jemand tippen kann. Bitte sehen Sie Ihre Nachricht durch und senden Sie sie "
            "noch einmal."
        ),
        "fr": "C’était plus rapide qu’une saisie humaine. Relisez votre message et envoyez-le à nouveau.",
        "es": "Ha sido más rápido de lo que se puede escribir. Revise su mensaje y envíelo otra vez.",
        "ja": "送信が速すぎました。内容をご確認のうえ、もう一度送信してください。",
        "it": "È stato più veloce di quanto si possa scrivere. Rileggi il messaggio e invialo di nuovo.",
        "nl": "Dat ging sneller dan iemand kan typen. Lees uw bericht na en verstuur het nog eens.",
        "pt": "Foi mais rápido do que alguém digita. Revise sua mensagem e envie de novo.",
    },
    "contact_trap": {
        "en": (
            "A hidden field that has to stay empty was filled in, perhaps by your browser. It is empty again: "
            "please send your message once more."
        ),
        "de": (
            "Ein verstecktes Feld, das leer bleiben muss, war ausgefüllt, vielleicht von Ihrem Browser. Es ist "
            "wieder leer: Bitte senden Sie Ihre Nachricht noch einmal."
        ),
        "fr": (
            "Un champ caché qui doit rester vide a été rempli, peut-être par votre navigateur. Il est de nouveau "
            "vide : veuillez renvoyer votre message."
        ),
        "es": (
            "Se rellenó un campo oculto que debe quedar vacío, quizá por su navegador. Ya está vacío: envíe su "
            "mensaje otra vez."
        ),
        "ja": (
            "空白のままにすべき非表示の欄に、ブラウザーなどにより入力がありました。空に戻しましたので、もう一"
            "度送信してください。"
        ),
        "it": (
            "È stato compilato un campo nascosto che deve restare vuoto, forse dal tuo browser. Ora è di nuovo "
            "vuoto: invia di nuovo il messaggio."
        ),
        "nl": (
            "Een verborgen veld dat leeg moet blijven, was ingevuld, misschien door uw browser. Het is weer "
            "leeg: verstuur uw bericht nog eens."
        ),
        "pt": (
            "Um campo oculto que deve ficar vazio foi preenchido, talvez pelo seu navegador. Ele está vazio de "
            "novo: envie sua mensagem mais uma vez."
        ),
    },
    "contact_too_often": {
        "en": (
            "So many messages have come from here that we take no more for now. Please try again later; what you "
            "have typed is still in the form."
        ),
        "de": (
            "Von hier sind so viele Nachrichten gekommen, dass wir vorerst keine weiteren annehmen. Bitte "
            "versuchen Sie es später; was Sie geschrieben haben, steht noch im Formular."
        ),
        "fr": (
            "Tant de messages sont venus d’ici que nous n’en acceptons plus pour le moment. Réessayez plus tard "
            "; votre texte est encore dans le formulaire."
        ),
        "es": (
            "Han llegado tantos mensajes desde aquí que por ahora no aceptamos más. Inténtelo más tarde; lo que "
            "ha escrito sigue en el formulario."
        ),
        "ja": (
            "ここから多数のお問い合わせがあったため、現在受け付けを停止しています。しばらくしてからお試しくだ"
            "さい。入力内容はフォームに残っています。"
        ),
        "it": (
            "Da qui sono arrivati così tanti messaggi che per ora non ne accettiamo altri. Riprova più tardi; "
            "quello che hai scritto è ancora nel modulo."
        ),
        "nl": (
            "Er zijn hiervandaan zoveel berichten gekomen dat we er nu geen meer aannemen. Probeer het later "
            "opnieuw; wat u hebt getypt, staat nog in het formulier."
        ),
        "pt": (
            "Chegaram tantas mensagens daqui que por ora não aceitamos mais. Tente mais tarde; o que você "
            "digitou ainda está no formulário."
        ),
    },
    "sent_title": {
        "en": "Thank you, your message has arrived",
        "de": "Vielen Dank, Ihre Nachricht ist angekommen",
        "fr": "Merci, votre message est bien arrivé",
        "es": "Gracias, hemos recibido su mensaje",
        "ja": "お問い合わせを受け付けました",
        "it": "Grazie, il tuo messaggio è arrivato",
        "nl": "Bedankt, uw bericht is aangekomen",
        "pt": "Obrigado, sua mensagem chegou",
    },
    "sent_hint": {
        "en": (
            "We will answer by e-mail to the address that you have given. If nothing comes, please look in your "
            "spam folder."
        ),
        "de": (
            "Wir antworten per E-Mail an die angegebene Adresse. Kommt nichts an, sehen Sie bitte auch im "
            "Spam-Ordner nach."
        ),
        "fr": (
            "Nous répondrons par e-mail à l’adresse indiquée. Si rien n’arrive, vérifiez votre dossier de "
            "courrier indésirable."
        ),
        "es": "Le responderemos por correo a la dirección indicada. Si no llega nada, mire en la carpeta de spam.",
        "ja": "ご入力のメールアドレスに回答をお送りします。届かない場合は迷惑メールフォルダーをご確認ください。",
        "it": (
            "Risponderemo via e-mail all’indirizzo che hai indicato. Se non arriva nulla, controlla la cartella "
            "dello spam."
        ),
        "nl": "We antwoorden per e-mail op het adres dat u hebt opgegeven. Komt er niets, kijk dan in uw spammap.",
        "pt": "Responderemos por e-mail ao endereço informado. Se nada chegar, verifique a pasta de spam.",
    },
    "sent_meanwhile": {
        "en": "Perhaps the answer is here already",
        "de": "Vielleicht steht die Antwort schon hier",
        "fr": "La réponse est peut-être déjà ici",
        "es": "Quizá la respuesta ya esté aquí",
        "ja": "すでに回答が見つかるかもしれません",
        "it": "Forse la risposta è già qui",
        "nl": "Misschien staat het antwoord hier al",
        "pt": "Talvez a resposta já esteja aqui",
    },
    "back_home": {
        "en": "To the help center’s start page",
        "de": "Zur Startseite der Hilfe",
        "fr": "Vers l’accueil du centre d’aide",
        "es": "Ir al inicio del centro de ayuda",
        "ja": "ヘルプセンターのトップへ",
        "it": "Alla pagina iniziale del centro assistenza",
        "nl": "Naar de startpagina van het helpcentrum",
        "pt": "Ir para o início da central de ajuda",
    },
    "new_window": {
        "en": "opens in a new window",
        "de": "öffnet sich in einem neuen Fenster",
        "fr": "s’ouvre dans une nouvelle fenêtre",
        "es": "se abre en una ventana nueva",
        "ja": "新しいウィンドウで開きます",
        "it": "si apre in una nuova finestra",
        "nl": "opent in een nieuw venster",
        "pt": "abre em uma nova janela",
    },
}
