"""What is said of an act that had no effect: a status, a title, and what to do about it."""

from engagement.fold import Reason
from engagement.polls import DOTS, OPTIONS, RANKED

NBSP = "\u00a0"

REFUSALS: dict[Reason, tuple[int, str, str]] = {
    Reason.PARTICIPANT_ERASED: (
        401,
        "Contributions effacées",
        "Vous avez effacé vos contributions depuis cet appareil. Rejoignez à nouveau l’événement.",
    ),
    Reason.UNKNOWN_TALK: (404, "Introuvable", "Cette intervention n’existe pas."),
    Reason.UNKNOWN_QUESTION: (404, "Introuvable", "Cette question n’existe pas."),
    Reason.UNKNOWN_POLL: (404, "Introuvable", "Ce sondage n’existe pas."),
    Reason.UNKNOWN_POST: (404, "Introuvable", "Ce message n’existe pas."),
    Reason.UNKNOWN_ENTRY: (404, "Introuvable", "Cet élément n’est pas au conducteur."),
    Reason.UNKNOWN_REFERENCE: (
        422,
        "Introuvable",
        "Ce dont il s’agit (question, sondage, message, idée, groupe, synthèse, commentaire) "
        "n’existe pas, ou plus.",
    ),
    Reason.UNKNOWN_SCREEN: (404, "Introuvable", "Cet écran n’existe pas, ou plus."),
    Reason.UNKNOWN_MESSAGE: (404, "Introuvable", "Ce message n’existe pas."),
    Reason.UNKNOWN_CAFE: (404, "Introuvable", "Cette session n’existe pas, ou plus."),
    Reason.UNKNOWN_TABLE: (404, "Introuvable", "Cette table n’existe pas, ou plus."),
    Reason.UNKNOWN_IDEA: (404, "Introuvable", "Cette idée n’existe pas, ou plus."),
    Reason.UNKNOWN_CLUSTER: (404, "Introuvable", "Ce groupe n’existe pas, ou plus."),
    Reason.UNKNOWN_SYNTHESIS: (404, "Introuvable", "Cette synthèse n’existe pas."),
    Reason.UNKNOWN_COMMENT: (404, "Introuvable", "Ce commentaire n’existe pas."),
    Reason.UNKNOWN_SENDING: (404, "Introuvable", "Cet envoi n’est pas, ou plus, sur les tables."),
    Reason.UNKNOWN_ALERT: (404, "Introuvable", "Ce signalement n’existe pas."),
    Reason.UNKNOWN_DEVICE: (
        404,
        "Introuvable",
        "Rien n’est venu de cet appareil, ou il n’est pas bloqué.",
    ),
    Reason.TOO_MANY_BLOCKS: (
        409,
        "Trop d’appareils bloqués",
        "Beaucoup d’appareils ont déjà été bloqués. Passez plutôt l’intervention en mode lent.",
    ),
    Reason.BLOCKED: (
        403,
        "Envois suspendus",
        "La modération a suspendu vos envois. Adressez-vous à l’équipe sur place.",
    ),
    Reason.SLOW_MODE: (
        429,
        "Mode lent",
        "Cette intervention est en mode lent. Patientez avant votre prochaine question.",
    ),
    Reason.CAFE_CLOSED: (
        409,
        "Session close",
        "La session n’est pas ouverte, ou ne l’est plus" + NBSP + ": rien ne s’y ajoute.",
    ),
    Reason.CAFE_BEGUN: (
        409,
        "Session commencée",
        "Une session commencée garde ses laboratoires, ses tables et les tours qui ont eu lieu.",
    ),
    Reason.LAB_BUSY: (
        409,
        "Laboratoire occupé",
        "Une autre session est ouverte dans un de ces laboratoires. Fermez-la d’abord.",
    ),
    Reason.TABLE_FULL: (
        409,
        "Table complète",
        "Toutes les places de la table sont prises pour ce tour. Attendez le suivant.",
    ),
    Reason.TOO_MANY_CAFES: (
        409,
        "Trop de sessions",
        "Il y a trop de sessions. Supprimez celles qui n’ont pas servi.",
    ),
    Reason.TABLE_IDEAS_FULL: (
        409,
        "Plus de place",
        "Il y a déjà beaucoup d’idées ici" + NBSP + ": complétez plutôt celles qui y sont.",
    ),
    Reason.OWN_IDEAS_FULL: (
        409,
        "Beaucoup d’idées",
        "Vous avez déjà donné beaucoup d’idées ici. Laissez la place aux autres.",
    ),
    Reason.TOO_MANY_DOTS: (
        409,
        "Plus assez de points",
        "Il ne vous reste pas autant de points. Reprenez-en à une autre idée.",
    ),
    Reason.TOO_MANY_GROUPS: (
        409,
        "Trop de groupes",
        "La table a fait beaucoup de groupes. Réunissez des idées dans ceux qui existent.",
    ),
    Reason.TOO_MANY_SYNTHESES: (
        409,
        "Trop de synthèses",
        "La table a déjà beaucoup de synthèses. Complétez-en une, ou masquez celles en trop.",
    ),
    Reason.TOO_MANY_AIRINGS: (
        409,
        "Trop de passages",
        "Cette synthèse a déjà été présentée bien des fois. Choisissez-en une autre.",
    ),
    Reason.TOO_MANY_SENDINGS: (
        409,
        "Trop d’envois",
        "Beaucoup d’envois sont déjà sur les tables. Retirez ceux qui ont servi.",
    ),
    Reason.TALK_NOT_LIVE: (
        409,
        "Pas en direct",
        "L’intervention n’est pas en direct. Démarrez-la d’abord.",
    ),
    Reason.WALL_CLOSED: (409, "Mur fermé", "Le mur ne prend plus de messages."),
    Reason.UNKNOWN_OPTION: (422, "Réponse inconnue", "Cette réponse n’est pas proposée."),
    Reason.UNKNOWN_ANSWER: (404, "Introuvable", "Cette réponse n’existe pas."),
    Reason.ONE_CHOICE: (422, "Un seul choix", "Choisissez une réponse, et une seule."),
    Reason.WRONG_CHOICES: (
        422,
        "Choix à revoir",
        "Donnez au moins une réponse, chacune une fois, sans dépasser le nombre permis.",
    ),
    Reason.WRONG_RANKING: (
        422,
        "Classement incomplet",
        "Classez toutes les réponses, chacune une fois.",
    ),
    Reason.WRONG_DOTS: (422, "Points à revoir", f"Répartissez de 1 à {DOTS} points."),
    Reason.BAD_OPTIONS: (
        422,
        "Réponses à revoir",
        f"Proposez de 2 à {OPTIONS} réponses ({RANKED} au plus pour un classement), toutes "
        "différentes.",
    ),
    Reason.NO_OPTIONS: (
        422,
        "Réponses en trop",
        "Dans ce type de sondage chacun écrit sa réponse" + NBSP + ": n’en proposez pas.",
    ),
    Reason.WRONG_MAXIMUM: (
        422,
        "Nombre à revoir",
        "Le nombre de réponses permises ne convient pas à ce sondage.",
    ),
    Reason.WRONG_SCALE: (422, "Échelle à revoir", "Une échelle a 5 ou 10 degrés."),
    Reason.WRONG_STATE: (409, "Trop tard", "L’état a changé entre-temps. Regardez-le à nouveau."),
    Reason.CHANGED: (
        412,
        "Modifié entre-temps",
        "Quelqu’un l’a modifié entre-temps. Regardez-le à nouveau.",
    ),
    Reason.WRONG_ROUND: (409, "Nouveau tour", "Un nouveau tour a commencé. Votez à nouveau."),
    Reason.WRONG_MERGE: (
        422,
        "Regroupement impossible",
        "Choisissez une autre question de la même intervention.",
    ),
    Reason.POLL_NOT_OPEN: (
        409,
        "Sondage fermé",
        "Vote arrivé trop tard" + NBSP + ": le sondage n’est pas ouvert.",
    ),
    Reason.UNKNOWN_BURST: (404, "Introuvable", "Aucun bulletin de ce tour ne vient de ce réseau."),
    Reason.CODE_REQUIRED: (
        403,
        "Code de vote demandé",
        "Ce vote demande un code. Saisissez celui qui vous a été remis.",
    ),
    Reason.CODE_USED: (
        409,
        "Code déjà utilisé",
        "Ce code a déjà servi à ce vote, depuis un autre appareil. Un code vaut un bulletin.",
    ),
    Reason.TALK_CLOSED: (
        409,
        "Questions closes",
        "Cette intervention ne prend plus de questions.",
    ),
    Reason.CHANNEL_BUSY: (
        409,
        "Plateau occupé",
        "Une autre intervention est en direct sur ce canal. Terminez-la d’abord.",
    ),
    Reason.TOO_LATE: (
        409,
        "Trop tard",
        "On ne reprend une intervention que dans les deux minutes qui suivent sa fin.",
    ),
    Reason.TOO_MANY: (
        429,
        "Trop d’envois",
        "Vous avez beaucoup envoyé. Patientez un peu avant la suite.",
    ),
    Reason.CAPACITY: (
        429,
        "Plus de place",
        "Il y a déjà beaucoup de contributions ici. Réessayez dans quelques minutes.",
    ),
    Reason.NEWCOMER_QUOTA: (
        429,
        "Beaucoup d’arrivées",
        "Beaucoup d’appareils viennent d’arriver et écrivent en même temps. Réessayez dans cinq "
        "minutes, ou entrez le code affiché dans la salle.",
    ),
    Reason.UNVERIFIED_QUOTA: (
        429,
        "Place gardée pour la salle",
        "Beaucoup d’appareils sans code ont écrit. Réessayez plus tard, ou entrez le code affiché "
        "dans la salle.",
    ),
    Reason.TOO_MANY_HIDDEN: (
        409,
        "Trop de mots masqués",
        "Beaucoup de mots de ce sondage sont déjà masqués. Montrez-en un d’abord.",
    ),
    Reason.TOO_MANY_ENTRIES: (
        409,
        "Conducteur plein",
        "Le conducteur a trop d’éléments. Supprimez ceux qui ont servi.",
    ),
    Reason.TOO_MANY_SCREENS: (
        409,
        "Trop d’écrans",
        "Il y a trop d’écrans. Retirez ceux qui ne servent plus.",
    ),
    Reason.TOO_MANY_MESSAGES: (
        409,
        "Messages non lus",
        "Plusieurs messages attendent d’être lus en plateau. Attendez qu’ils le soient.",
    ),
    Reason.NOT_YOURS: (403, "Accès refusé", "Seul son auteur peut retirer ce qu’il a écrit."),
    Reason.NO_CONSENT: (
        422,
        "Accord manquant",
        "Confirmez l’accord des intervenants (« consent ») pour mettre en ligne.",
    ),
    Reason.WRONG_MARKS: (
        422,
        "Bornes refusées",
        "La fin vient après le début, douze heures plus tard au plus, à dix minutes près dans "
        "l’intervention, et hors des autres.",
    ),
    Reason.WRONG_TIMES: (
        422,
        "Horaire refusé",
        "La fin vient après le début, vingt-quatre heures plus tard au plus.",
    ),
    Reason.TALK_EXISTS: (
        409,
        "Déjà au programme",
        "Une intervention a déjà cet identifiant.",
    ),
    Reason.TOO_MANY_TALKS: (
        422,
        "Programme trop long",
        "Le programme aurait trop d’interventions.",
    ),
    Reason.NOT_QUEUED: (
        409,
        "Pas dans la file",
        "La régie choisit les questions\u00a0: prenez-en une qu’elle a mise en file.",
    ),
    Reason.QUEUE_FULL: (
        409,
        "File pleine",
        "La file d’attente de l’intervention est pleine. Retirez-en une question d’abord.",
    ),
    Reason.BEING_READ: (409, "Déjà regardée", "Quelqu’un d’autre regarde cette question."),
    Reason.KEY_REUSED: (
        422,
        "Clé déjà utilisée",
        "Cette clé Idempotency-Key a servi à un autre envoi.",
    ),
}
