# Sourced by tools/build, tools/run and tools/test: installs what is missing and builds a preset.

PROJECT_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Installs the packages of tools/packages.txt that are missing.
install_packages() {
  local missing=() package
  while read -r package; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done < <(sed 's/#.*//; /^\s*$/d' "$PROJECT_ROOT/tools/packages.txt" | awk '{print $1}')
  [ ${#missing[@]} -eq 0 ] && return
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
  echo "Installing: ${missing[*]}"
  # A server of Debian's own is not wanted: the tools start the reference server themselves.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    "${as_root[@]}" mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold "${missing[@]}" >/dev/null
}

# Configures and builds a preset: build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  (
    cd "$PROJECT_ROOT" || exit 1
    cmake --preset "$preset" >"/tmp/phantomdb-configure.$$" 2>&1 || { cat "/tmp/phantomdb-configure.$$"; exit 1; }
    rm -f "/tmp/phantomdb-configure.$$"
    cmake --build --preset "$preset" ${1:+--target "$@"}
  )
}
