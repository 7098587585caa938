package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// shardConfig is a server of the cluster cs: everything on loopback and in its folder.
const shardConfig = `<yandex>
  <logger><level>warning</level><log>DIR/server.log</log><errorlog>DIR/error.log</errorlog></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>HTTP</http_port><tcp_port>TCP</tcp_port><interserver_http_port>INTER</interserver_http_port>
  <timezone>UTC</timezone>
  <path>DIR/data/</path><tmp_path>DIR/tmp/</tmp_path><user_files_path>DIR/files/</user_files_path><format_schema_path>DIR/formats/</format_schema_path>
  <mark_cache_size>67108864</mark_cache_size>
  <users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
  <remote_servers><cs>
    <shard><replica><host>127.0.0.1</host><port>FIRST</port></replica></shard>
    <shard><replica><host>127.0.0.1</host><port>SECOND</port></replica></shard>
  </cs></remote_servers>
</yandex>
`

// shardUsers are an account that may do everything, and viewer, which only reads.
const shardUsers = `<yandex>
  <profiles><default/><reads><readonly>2</readonly></reads></profiles>
  <quotas><default/></quotas>
  <users>
    <default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
    <viewer><password>secret</password><networks><ip>127.0.0.1</ip></networks><profile>reads</profile><quota>default</quota></viewer>
  </users>
</yandex>
`

// startShards starts two servers that form a cluster.
func startShards(dir string) (*engine, error) {
	program, err := findServer()
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(6)
	if err != nil {
		return nil, err
	}
	e := &engine{env: []string{address("COSTSCOPE_TEST_CLICKHOUSE", ports[0]), address("COSTSCOPE_TEST_CLICKHOUSE_2", ports[1])}}
	for i := range 2 {
		s, err := startShard(filepath.Join(dir, "shard"+strconv.Itoa(i+1)), program, ports, i)
		if err != nil {
			e.stop()
			return nil, err
		}
		e.servers = append(e.servers, s)
	}
	return e, nil
}

// startShard starts the shard i; ports are those of HTTP, of TCP and between servers, for both shards.
func startShard(dir, program string, ports []int, i int) (*server, error) {
	for _, sub := range []string{"data", "tmp", "files", "formats"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	port := func(n int) string { return strconv.Itoa(ports[n]) }
	config := filepath.Join(dir, "config.xml")
	if err := write(config, shardConfig, "DIR", dir, "HTTP", port(i), "TCP", port(2+i), "INTER", port(4+i), "FIRST", port(2), "SECOND", port(3)); err != nil {
		return nil, err
	}
	if err := write(filepath.Join(dir, "users.xml"), shardUsers); err != nil {
		return nil, err
	}
	return startServer(dir, ports[i], program, "--config-file="+config)
}

// findServer looks where Debian puts it, too: not every account has that in its PATH.
func findServer() (string, error) {
	for _, name := range []string{"clickhouse-server", "/usr/sbin/clickhouse-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("clickhouse-server is not installed")
}

// write makes a file of a configuration out of its template.
func write(path, template string, values ...string) error {
	return os.WriteFile(path, []byte(strings.NewReplacer(values...).Replace(template)), 0o600)
}
