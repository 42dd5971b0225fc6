# Paths for what follows the last "=" of the word, as in --model m=FILE.
function __wasinn_complete_paths
  set -l typed (commandline -ct)
  set -l before (string match -r '^.*=' -- $typed)
  for path in ($argv (string replace -r '^.*=' '' -- $typed))
    echo "$before$path"
  end
end
function __wasinn_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (command $words[1] __complete $words[2..-1] 2>/dev/null)
    switch $line
      case :files
        __wasinn_complete_paths __fish_complete_path
      case :folders
        __wasinn_complete_paths __fish_complete_directories
      case '*'
        echo $line
    end
  end
end
complete -c wasinn -f -a '(__wasinn_complete)'
