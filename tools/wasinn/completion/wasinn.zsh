#compdef wasinn
_wasinn() {
  local line paths
  local -a found
  for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :files|:folders) paths=$line ;;
      ?*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
  done
  (( ${#found} )) && _describe wasinn found
  compset -P '*='
  [[ $paths == :files ]] && _files
  [[ $paths == :folders ]] && _files -/
}
if [[ $funcstack[1] == _wasinn ]]; then _wasinn "$@"; else compdef _wasinn wasinn; fi
