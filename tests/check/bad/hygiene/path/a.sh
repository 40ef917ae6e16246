cd /work/main/build
