# eval "$(wasinn completion bash)"
_wasinn() {
  local typed="${COMP_WORDS[COMP_CWORD]}" line paths= i
  local -a words=()
  # Bash cuts words at "=" and ":".
  for ((i = 1; i <= COMP_CWORD; i++)); do
    line=${COMP_WORDS[i]}
    if ((i > 1)) && [[ $line =~ ^[=:]+$ || ${COMP_WORDS[i - 1]} =~ ^[=:]+$ ]]; then
      words[${#words[@]} - 1]+=$line
    else
      words+=("$line")
    fi
  done
  [[ $typed =~ ^[=:]+$ ]] && typed=
  line=${words[${#words[@]} - 1]}
  local before=${line%"$typed"}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files) paths=-f ;;
      :folders) paths=-d ;;
      *)
        line=${line%%$'\t'*}
        COMPREPLY+=("${line#"$before"}")
        ;;
    esac
  done < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
  if [[ $paths ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen $paths -- "$typed")
  fi
}
complete -F _wasinn wasinn
