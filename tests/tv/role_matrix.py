"""The callers who may use each operation of the API, grouped by callers.

A line is `METHOD /address`, below the callers who may use it. `{names}` are those of role_world.py.
A verb, a format and the like are written out. The part after a `?` is the query. A code after the
address is the code of the 404 that permitted callers receive, because there is nothing.

To add an operation, add its line to a group. If the operation reads its body before it checks the
caller, add a body to BODIES that nothing can be made of.
"""

from typing import Any

ADMIN = ("admin",)
RUNNERS = ("operator", *ADMIN)
MODERATORS = ("moderator", *RUNNERS)
MODERATORS_OF_TALK = ("moderator of talk", *MODERATORS)
CREW = ("presenter", *MODERATORS)
CREW_OF_TALK = ("presenter of talk", "presenter", *MODERATORS_OF_TALK)
ON_SET = ("presenter of talk", "presenter", *RUNNERS)
ON_ANY_SET = ("another presenter", *ON_SET)
HOSTS = ("host", "host of lab", *MODERATORS)
ALL_HOSTS = ("another host", *HOSTS)
JOINED = ("participant", "author")
KIOSKS = ("kiosk", "another kiosk")
IN_LAB = ("author", *KIOSKS, *HOSTS, *ON_ANY_SET, "moderator of talk", "another moderator")
TAKING_PART = (
    *("viewer", *JOINED, *KIOSKS, *ALL_HOSTS, "presenter", "another presenter"),
    *("presenter of talk", "moderator of talk", "another moderator"),
)
EVERYBODY = ("nobody", "screen", "another screen", "node", *TAKING_PART)

ROLES: dict[tuple[str, ...], str] = {
    EVERYBODY: """
        GET /ws
        GET /api/v1/alerts
        GET /api/v1/cafes
        GET /api/v1/cafes/{cafe}
        GET /api/v1/cafes/{cafe}/comparison
        GET /api/v1/clusters
        GET /api/v1/clusters/{cluster}
        GET /api/v1/contributions
        GET /api/v1/contributions/{idea}
        POST /api/v1/displays
        POST /api/v1/displays/{code}:join
        GET /api/v1/event
        POST /api/v1/join
        GET /api/v1/labs
        GET /api/v1/labs/{lab}
        GET /api/v1/openapi.json
        POST /api/v1/participants
        GET /api/v1/polls/{poll}
        GET /api/v1/questions/{question}
        GET /api/v1/schedule
        GET /api/v1/schedule.ics
        GET /api/v1/schedule.json
        GET /api/v1/sendings
        DELETE /api/v1/session
        GET /api/v1/session
        POST /api/v1/session
        GET /api/v1/syntheses
        GET /api/v1/syntheses/{synthesis}
        GET /api/v1/syntheses/{synthesis}/comments
        GET /api/v1/tables
        GET /api/v1/tables/{table}
        GET /api/v1/talks
        GET /api/v1/talks/{talk}
        GET /api/v1/talks/{talk}/captions.vtt
        GET /api/v1/talks/{talk}/polls
        GET /api/v1/talks/{talk}/questions
        GET /api/v1/talks/{talk}/questions:counts
        GET /api/v1/talks/{talk}/reactions
        GET /api/v1/views/talks
        GET /api/v1/wall
        GET /api/v1/wall/posts
        GET /api/v1/wall/posts/{post}
    """,
    TAKING_PART: """
        POST /api/v1/alerts
        POST /api/v1/contributions
        POST /api/v1/contributions/pictures
        POST /api/v1/contributions/{idea}:carry
        POST /api/v1/contributions/{idea}:withdraw
        PUT /api/v1/contributions/{idea}/dots
        GET /api/v1/polls/{poll}/ballot no-ballot
        PUT /api/v1/polls/{poll}/ballot
        POST /api/v1/polls/{poll}:more_time
        DELETE /api/v1/questions/{question}/support
        PUT /api/v1/questions/{question}/support
        POST /api/v1/questions/{question}:withdraw
        POST /api/v1/syntheses/{synthesis}/comments
        DELETE /api/v1/syntheses/{synthesis}/support
        PUT /api/v1/syntheses/{synthesis}/support
        POST /api/v1/comments/{comment}:withdraw
        POST /api/v1/talks/{talk}/questions
        POST /api/v1/talks/{talk}/questions:similar
        POST /api/v1/talks/{talk}/reactions
        GET /api/v1/talks/{talk}/rating no-rating
        PUT /api/v1/talks/{talk}/rating
        POST /api/v1/wall/pictures
        POST /api/v1/wall/posts
        DELETE /api/v1/wall/posts/{post}/support
        PUT /api/v1/wall/posts/{post}/support
        POST /api/v1/wall/posts/{post}:withdraw
    """,
    ("kiosk",): """
        POST /api/v1/tables/{table}:person
    """,
    ("screen",): """
        PUT /api/v1/screens/{screen}/presence
    """,
    HOSTS: """
        POST /api/v1/clusters
        POST /api/v1/clusters:suggest
        DELETE /api/v1/clusters/{cluster}
        PATCH /api/v1/clusters/{cluster}
        POST /api/v1/clusters/{cluster}:group
        POST /api/v1/clusters/{cluster}:ungroup
        POST /api/v1/contributions/{idea}:approve
        POST /api/v1/contributions/{idea}:hide
        POST /api/v1/contributions/{idea}:reject
        POST /api/v1/contributions/{idea}:restore
        POST /api/v1/syntheses
        PATCH /api/v1/syntheses/{synthesis}
        POST /api/v1/syntheses/{synthesis}:hide
        POST /api/v1/syntheses/{synthesis}:share
        POST /api/v1/tables/{table}:host
        POST /api/v1/tables/{table}:reveal
    """,
    ALL_HOSTS: """
        GET /api/v1/booklet.pdf
    """,
    ("presenter", *HOSTS): """
        GET /api/v1/syntheses/{written}
        GET /api/v1/syntheses/{written}/comments
        DELETE /api/v1/syntheses/{written}/support
        PUT /api/v1/syntheses/{written}/support
    """,
    IN_LAB: """
        GET /api/v1/join/codes/{table}
    """,
    ("author", "presenter", *HOSTS): """
        GET /api/v1/contributions/{hidden}
    """,
    ("author", *CREW): """
        GET /api/v1/wall/posts/{waiting}
        DELETE /api/v1/wall/posts/{waiting}/support
        PUT /api/v1/wall/posts/{waiting}/support
        POST /api/v1/comments/{unread}:withdraw
    """,
    ("author", *CREW_OF_TALK): """
        GET /api/v1/questions/{pending}
        DELETE /api/v1/questions/{pending}/support
        PUT /api/v1/questions/{pending}/support
    """,
    ON_SET: """
        POST /api/v1/questions/{question}:take
        POST /api/v1/syntheses/{synthesis}:take
    """,
    ON_ANY_SET: """
        POST /api/v1/syntheses/{synthesis}:told
    """,
    CREW_OF_TALK: """
        POST /api/v1/messages/{message}:acknowledge
        POST /api/v1/polls
        DELETE /api/v1/polls/{poll}
        PATCH /api/v1/polls/{poll}
        GET /api/v1/polls/{draft}
        GET /api/v1/polls/{draft}/ballot no-ballot
        PUT /api/v1/polls/{draft}/ballot
        GET /api/v1/polls/{draft}/results
        GET /api/v1/polls/{poll}/results
        POST /api/v1/polls/{poll}:close
        POST /api/v1/polls/{poll}:count
        POST /api/v1/polls/{poll}:set_aside
        POST /api/v1/polls/{poll}:extend
        POST /api/v1/polls/{poll}:open
        POST /api/v1/polls/{poll}:publish
        POST /api/v1/polls/{poll}:reopen
        GET /api/v1/questions/{question}/near
        DELETE /api/v1/questions/{question}/reading
        PUT /api/v1/questions/{question}/reading
        POST /api/v1/questions/{question}:answer
        POST /api/v1/questions/{question}:release
        POST /api/v1/questions/{question}:write
        GET /api/v1/talks/{talk}/messages
        GET /api/v1/talks/{talk}/ratings
        POST /api/v1/talks/{talk}/ratings:hide
        POST /api/v1/talks/{talk}/ratings:show
        GET /api/v1/talks/{talk}/report.pdf
    """,
    CREW: """
        GET /api/v1/cafes/{prepared}
        GET /api/v1/cafes/{prepared}/comparison
        GET /api/v1/channels
        GET /api/v1/channels/{channel}
        GET /api/v1/health
        GET /api/v1/join/codes
        GET /api/v1/restreams
        GET /api/v1/rundown
        GET /api/v1/rundown/{entry}
        GET /api/v1/screens
        GET /api/v1/screens/{screen}
        GET /api/v1/talks/{ended}/report.pdf
    """,
    MODERATORS_OF_TALK: """
        GET /api/v1/channels/{channel}/captions/stream?delay=99
        POST /api/v1/channels/{channel}/captions:name
        POST /api/v1/channels/{channel}/captions:release
        POST /api/v1/channels/{channel}/captions:take
        GET /api/v1/channels/{channel}/captions/quality?talk={talk}
        GET /api/v1/cues/{cue}
        PATCH /api/v1/cues/{cue}
        GET /api/v1/cues/{cue}/history
        POST /api/v1/polls/{poll}/words
        POST /api/v1/polls/{text}/answers/{answer}:approve
        POST /api/v1/polls/{text}/answers/{answer}:reject
        POST /api/v1/questions/{question}:accept_support
        POST /api/v1/questions/{question}:approve
        POST /api/v1/questions/{question}:edit
        POST /api/v1/questions/{question}:label
        POST /api/v1/questions/{question}:merge
        POST /api/v1/questions/{question}:queue
        POST /api/v1/questions/{question}:reject
        POST /api/v1/questions/{question}:restore
        POST /api/v1/questions/{question}:unqueue
        GET /api/v1/talks/{talk}/glossary
        PUT /api/v1/talks/{talk}/glossary
        POST /api/v1/talks/{talk}/messages
        GET /api/v1/talks/{talk}/questions:log
        POST /api/v1/talks/{talk}/questions:room
        POST /api/v1/talks/{talk}/questions:reject
        POST /api/v1/talks/{talk}/questions:restore
        POST /api/v1/talks/{talk}:slow
        GET /api/v1/talks/{talk}/tables.json
        GET /api/v1/talks/{talk}/tables.xlsx
        GET /api/v1/talks/{talk}/tables/questions.csv
    """,
    MODERATORS: """
        POST /api/v1/alerts/{alert}:keep
        POST /api/v1/alerts/{alert}:remove
        GET /api/v1/cafes/{cafe}/tables.json
        GET /api/v1/cafes/{cafe}/tables.xlsx
        GET /api/v1/cafes/{cafe}/tables/ideas.csv
        GET /api/v1/captions/rules
        POST /api/v1/captions/rules
        DELETE /api/v1/captions/rules/nowhere unknown-rule
        GET /api/v1/channels/{channel}/captions/quality
        POST /api/v1/comments/{comment}:approve
        POST /api/v1/comments/{comment}:reject
        GET /api/v1/glossary
        PUT /api/v1/glossary
        POST /api/v1/rundown
        DELETE /api/v1/rundown/{entry}
        PATCH /api/v1/rundown/{entry}
        POST /api/v1/rundown/{entry}:move
        POST /api/v1/rundown/{entry}:preview
        POST /api/v1/screens:clear
        POST /api/v1/screens:restore
        POST /api/v1/sendings
        DELETE /api/v1/sendings/{sending}
        POST /api/v1/syntheses/{synthesis}:restore
        GET /api/v1/tables.json
        GET /api/v1/tables.xlsx
        GET /api/v1/tables/questions.csv
        GET /api/v1/talks/{ended}/captions.vtt
        GET /api/v1/talks/{ended}/clips
        POST /api/v1/talks/{ended}/clips
        GET /api/v1/talks/{ended}/clips/000000000000000000000000 no-film
        GET /api/v1/talks/{ended}/clips/000000000000000000000000.mp4 no-film
        GET /api/v1/talks/{ended}/film
        POST /api/v1/talks/{ended}/film no-recording
        GET /api/v1/talks/{ended}/film.mp4 no-film
        GET /api/v1/talks/{ended}/replay no-recording
        GET /api/v1/talks/{ended}/replay/reactions no-recording
        GET /api/v1/talks/{ended}/replay/search no-recording
        GET /api/v1/talks/{ended}/replay/transcript.json no-recording
        GET /api/v1/talks/{ended}/tables.json
        PATCH /api/v1/wall
        POST /api/v1/wall/posts/{post}:approve
        POST /api/v1/wall/posts/{post}:hide
        POST /api/v1/wall/posts/{post}:pin
        POST /api/v1/wall/posts/{post}:reject
        POST /api/v1/wall/posts/{post}:restore
        POST /api/v1/wall/posts/{post}:retire
        POST /api/v1/wall/posts/{post}:show
        POST /api/v1/wall/posts/{post}:unpin
        POST /api/v1/wall/posts/{post}:accept_support
        POST /api/v1/wall/posts:reject
        POST /api/v1/wall/posts:restore
        POST /api/v1/contributions/{idea}:accept_dots
        POST /api/v1/contributions:reject
        POST /api/v1/contributions:restore
        POST /api/v1/comments:reject
        POST /api/v1/comments:restore
        POST /api/v1/syntheses/{synthesis}:accept_support
        GET /api/v1/devices
        POST /api/v1/devices/nowhere:block unknown-device
        POST /api/v1/devices/nowhere:unblock unknown-device
    """,
    RUNNERS: """
        POST /api/v1/cafes
        DELETE /api/v1/cafes/{cafe}
        PATCH /api/v1/cafes/{cafe}
        POST /api/v1/cafes/{cafe}:advance
        POST /api/v1/cafes/{cafe}:close
        POST /api/v1/cafes/{cafe}:extend
        POST /api/v1/cafes/{cafe}:open
        POST /api/v1/cafes/{cafe}:pause
        POST /api/v1/cafes/{cafe}:resume
        POST /api/v1/channels/{channel}:switch
        POST /api/v1/channels/{channel}/keys/nowhere:renew unknown-slot
        GET /api/v1/passes
        DELETE /api/v1/passes/nowhere unknown-pass
        GET /api/v1/voting-codes
        GET /api/v1/voting-codes.csv
        GET /api/v1/voting-codes.pdf
        POST /api/v1/event:phase
        POST /api/v1/restreams/{restream}:start unknown-restream
        POST /api/v1/restreams/{restream}:stop unknown-restream
        POST /api/v1/rundown/{entry}:off
        POST /api/v1/rundown/{entry}:take
        POST /api/v1/schedule:import
        POST /api/v1/screens
        DELETE /api/v1/screens/{screen}
        PATCH /api/v1/screens/{screen}
        POST /api/v1/screens/{screen}:spot
        POST /api/v1/talks
        DELETE /api/v1/talks/{talk}
        PATCH /api/v1/talks/{talk}
        POST /api/v1/talks/{talk}:cancel
        POST /api/v1/talks/{talk}:end
        POST /api/v1/talks/{talk}:publish
        POST /api/v1/talks/{talk}:record
        POST /api/v1/talks/{talk}:restore
        POST /api/v1/talks/{talk}:resume
        POST /api/v1/talks/{talk}:start
        POST /api/v1/talks/{talk}:trim
        POST /api/v1/talks/{talk}:unpublish
    """,
    ADMIN: """
        DELETE /api/v1/participants/p_0000000000000000
    """,
    # The last: who leaves is nobody any more.
    JOINED: """
        POST /api/v1/tables/{table}:sit
        PUT /api/v1/participants/me
        DELETE /api/v1/participants/me
    """,
}

TABLE = {"table": "{table}", "name": "", "title": "", "body": "", "contributions": []}
POLL = {"talk": "{talk}", "type": "single", "prompt": "", "options": []}

BODIES: dict[str, Any] = {
    "POST /api/v1/clusters": TABLE,
    "POST /api/v1/clusters:suggest": TABLE,
    "POST /api/v1/syntheses": TABLE,
    "POST /api/v1/syntheses/{synthesis}:take": {"talk": "{talk}"},
    "POST /api/v1/polls": POLL,
}

# Pages, and media with addresses of their own, for anybody. WHIP requires a stream key.
PAGES = """
    /
    /.well-known/security.txt
    /accessibilite
    /charte
    /confidentialite
    /confidentialite/effacer
    /ecran
    /ecran/associer/{code}
    /ecran/{screen}
    /facile
    /habillage
    /hors-ligne
    /icones/{name}.png
    /idees
    /integrer
    /integrer/{channel}
    /intervenant
    /labo
    /labo/{lab}
    /labo/{lab}/affiches
    /labo/{lab}/table/{number}
    /labo/{lab}/table/{number}/hote
    /livez
    /manifest.webmanifest
    /metrics
    /mur
    /mur/ecrire
    /mur/images/{name}
    /mur/relire
    /oembed
    /plan
    /programme
    /programme.ics
    /programme/{talk}.ics
    /readyz
    /regie
    /regie/labos
    /rejoindre
    /rejoindre/{code}
    /revoir
    /revoir/{talk}
    /static/{name}
    /sw.js
    /{channel}/thumbnail.jpg
    /{channel}/whep
    /{channel}/whep/{session}
    /{channel}/whep/{session}/events
    /{channel}/whep/{session}/events/{stream}
    /{channel}/whip
    /{channel}/whip/{session}
"""
