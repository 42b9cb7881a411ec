# Sourced by scripts that install packages of Debian or Ubuntu. Another one may hold apt's lock for a while,
# and a mirror may fail once.
apt() {
  for _ in 1 2 3; do
    apt-get -qq -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@" >/dev/null && return
    sleep 5
  done
  return 1
}
