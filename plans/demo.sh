#!/bin/sh
# The main job on the shipped example, step by step: `make demo` runs this in demo/.
# By hand: put .venv/bin on PATH, then `sh plans/demo.sh DIR`, where DIR does not exist yet.
set -eu
dir=${1:-demo}

# A git hook's repository is not the one that is made here; a demonstration is neither signed nor in need of a name.
unset $(git rev-parse --local-env-vars)
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=commit.gpgsign GIT_CONFIG_VALUE_0=false
if ! git var GIT_COMMITTER_IDENT >/dev/null 2>&1; then
    export GIT_AUTHOR_NAME=Demo GIT_AUTHOR_EMAIL=demo@example.com
    export GIT_COMMITTER_NAME=Demo GIT_COMMITTER_EMAIL=demo@example.com
fi

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold='\033[1m' plain='\033[0m'; fi

say() { printf '\n%s\n' "$@"; }
run() {
    printf "${bold}\$ %s${plain}\n" "$*"
    "$@"
}

say "1. A territory repository: YAML in git, and beside it a small CRM with real US municipalities as accounts.
   Their books follow the alphabet of the states, as a spreadsheet would have it, and are far from even."
run territory init "$dir" --example us-municipalities

say "2. The YAML is read and judged as a whole; neither CRM nor solver is asked."
run territory --chdir "$dir" validate

say "3. The plan: which accounts move and why, and every book's load before and after, with its fair share and band.
   It is saved as two files to review, plan.json and assignments.csv."
run territory --chdir "$dir" plan --save

say "4. The gate of a pull request: is this the plan of this YAML, does its proof hold, do the policies pass?"
run territory --chdir "$dir" check

say "5. The same to look at: one file that any browser opens, without a network. Click a territory anywhere in it."
run territory --chdir "$dir" show --format html --out report.html

say "6. Merging the saved plan is approving it; here one commit stands for the pull request."
run git -C "$dir" add --all
run git -C "$dir" commit --quiet --message "Approve the plan"

say "7. Exactly the saved plan goes to the CRM; nothing is solved again. A first carve changes more accounts than the 30 %
   that an apply lets through unasked, so it is asked for."
run territory --chdir "$dir" apply --auto-approve --allow changes

say "8. What is wanted is now what there is, so the next plan is empty."
run territory --chdir "$dir" plan

say "That was the whole loop. To go on:
   . .venv/bin/activate                       puts \`territory\` on your PATH
   open $dir/report.html in a browser         books on a map, loads, fairness, who gives accounts to whom, every change
   territory --chdir $dir show                the saved plan in full, as text
   territory --chdir $dir explain territory.city-central-3
                                              what binds a territory, and who could come or go
   \$EDITOR $dir/plans/us-municipalities/plan.yaml
                                              name an owner, narrow a band, add a slot; then plan again
   git -C $dir show --stat                    what a reviewer sees
   territory --help                           all commands"
