# SPDX-License-Identifier: ISC
# Completion of scimward for fish.
# Made by contrib/completion/generate from the help of scimward: change that, not this.

# What stands before the cursor and is no option, nor the value of one.
function __scimward_words
    set -l expects ''
    for word in (commandline -opc)[2..-1]
        if test -n "$expects"
            set expects ''
            continue
        end
        switch $word
            case -c --config --format --kind --user -o --out --since --until --head --history
                set expects $word
            case '-*'
            case '*'
                echo -- $word
        end
    end
end

# Whether the command is one of these; '' is none.
function __scimward_in
    set -l words (__scimward_words)
    set -l command "$words[1]"
    if test "$command" = audit
        set command "$words[1..2]"
    end
    contains -- "$command" $argv
end

# Whether these words, and no others, stand there.
function __scimward_behind
    set -l words (__scimward_words)
    test "$words" = "$argv"
end

complete -c scimward -f
complete -c scimward -n __scimward_behind -a run -d 'the service, in the foreground'
complete -c scimward -n __scimward_behind -a sync -d 'one cycle: read the directory, show or send the difference'
complete -c scimward -n __scimward_behind -a apply -d 'exactly this saved plan, or nothing when the world has moved on'
complete -c scimward -n __scimward_behind -a explain -d 'one person: scope, rules, workspaces, account, holds, history, what comes next'
complete -c scimward -n __scimward_behind -a check -d 'the configuration, then each peer, one line a step'
complete -c scimward -n __scimward_behind -a status -d 'the snapshot, the last runs, who is in quarantine'
complete -c scimward -n __scimward_behind -a holds -d 'what waits for a person\'s word, and why'
complete -c scimward -n __scimward_behind -a approve -d 'let the actions of hold N go with the next cycle'
complete -c scimward -n __scimward_behind -a reject -d 'drop the actions of hold N until they change'
complete -c scimward -n __scimward_behind -a undo -d 'take back what a run did: its number, or last'
complete -c scimward -n __scimward_behind -a audit -d 'verify, export'
complete -c scimward -n __scimward_behind -a report -d 'for an audit: what changed, who has access, what others changed, the runs'
complete -c scimward -n __scimward_behind -a login -d 'let the agent into the tenant, for tenant.auth.method = "oauth-device"'
complete -c scimward -n '__scimward_behind audit' -a verify -d 'prove that no record of the audit trail was touched'
complete -c scimward -n '__scimward_behind audit' -a export -d 'the audit trail, a JSON object a line'
complete -c scimward -n '__scimward_behind apply' -F
complete -c scimward -n '__scimward_behind undo' -a 'last'
complete -c scimward -n '__scimward_behind report' -a 'changes access drift runs'
complete -c scimward -s c -l config -r -F -d 'the configuration (/etc/scimward/scimward.conf)'
complete -c scimward -l format -n "__scimward_in ''" -x -a 'text json html csv' -d 'how results are written; report: also csv, html; --dry-run: html'
complete -c scimward -l format -n "__scimward_in 'run' 'apply' 'explain' 'check' 'status' 'holds' 'approve' 'reject' 'audit verify' 'audit export' 'login'" -x -a 'text json' -d 'how results are written; report: also csv, html; --dry-run: html'
complete -c scimward -l format -n "__scimward_in 'sync' 'undo'" -x -a 'text json html' -d 'how results are written; report: also csv, html; --dry-run: html'
complete -c scimward -l format -n "__scimward_in 'report'" -x -a 'text json csv html' -d 'how results are written; report: also csv, html; --dry-run: html'
complete -c scimward -l json -d 'short for --format json'
complete -c scimward -l dry-run -n "__scimward_in '' 'sync' 'undo'" -d 'plan only; alone: sync --dry-run --kind reconcile'
complete -c scimward -l kind -n "__scimward_in '' 'sync'" -x -a 'delta full reconcile' -d 'what is read (reconcile when nobody is linked, else full)'
complete -c scimward -l user -n "__scimward_in '' 'sync'" -x -d 'one person only: userName, DN, key, externalId or account id'
complete -c scimward -s o -l out -n "__scimward_in '' 'sync' 'report'" -r -F -d 'the report into a file; with --dry-run: the plan as JSON'
complete -c scimward -l since -n "__scimward_in '' 'audit export' 'report'" -x -d 'from then on: a date, a time (ISO 8601), or how long ago (7d)'
complete -c scimward -l until -n "__scimward_in '' 'report'" -x -d 'before then; a date: to the end of that day'
complete -c scimward -l detailed-exitcode -n "__scimward_in '' 'sync' 'undo'" -d 'with --dry-run: exit 2 when changes are pending'
complete -c scimward -s y -l yes -n "__scimward_in '' 'undo'" -d 'do not ask (without a terminal nobody is asked)'
complete -c scimward -l head -n "__scimward_in '' 'audit verify'" -x -d 'a hash that was kept elsewhere and must be in the trail'
complete -c scimward -l history -n "__scimward_in '' 'explain'" -x -d 'how many actions of the past are shown (10)'
complete -c scimward -l whole -n "__scimward_in '' 'explain'" -d 'plan everybody\'s changes, so that limits count too; reads all of directory and tenant'
complete -c scimward -l offline -n "__scimward_in '' 'check'" -d 'the configuration only'
complete -c scimward -s q -l quiet -d 'no progress'
complete -c scimward -s h -l help -d 'this text'
complete -c scimward -s V -l version -d 'the version'
