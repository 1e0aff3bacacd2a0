// A small SFU on pion, as its examples build one: a shared track for all viewers, default
// interceptors (NACK, reports), WHEP. It sends the same ready-made packets as benchmarks/_ready_made.py.
//
//	main PACKETS    (prints its port, then serves until it is killed)
package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v3"
)

const (
	seconds = 16 // of the film, which loops
	mtu     = 1200
)

type packet struct {
	kind byte // 0: H.264, 1: Opus
	at   time.Duration
	data []byte
}

func read(path string) []packet {
	data, err := os.ReadFile(path)
	check(err)
	var packets []packet
	for len(data) > 0 {
		at := math.Float64frombits(binary.BigEndian.Uint64(data[1:]))
		size := 13 + int(binary.BigEndian.Uint32(data[9:]))
		packets = append(packets, packet{data[0], time.Duration(at * 1e9), data[13:size]})
		data = data[size:]
	}
	return packets
}

// play packs each frame once and gives it to the track, which sends it to every viewer.
func play(packets []packet, tracks [2]*webrtc.TrackLocalStaticRTP) {
	packers := [2]rtp.Packetizer{
		rtp.NewPacketizer(mtu, 0, 1, &codecs.H264Payloader{}, rtp.NewRandomSequencer(), 90000),
		rtp.NewPacketizer(mtu, 0, 2, &codecs.OpusPayloader{}, rtp.NewRandomSequencer(), 48000),
	}
	samples := [2]uint32{3000, 960}
	for began := time.Now(); ; began = began.Add(seconds * time.Second) {
		for _, each := range packets {
			time.Sleep(time.Until(began.Add(each.at)))
			for _, out := range packers[each.kind].Packetize(each.data, samples[each.kind]) {
				_ = tracks[each.kind].WriteRTP(out) // viewers that are gone are not the others' matter
			}
		}
	}
}

type server struct {
	api    *webrtc.API
	tracks [2]*webrtc.TrackLocalStaticRTP
	lock   sync.Mutex
	peers  map[string]*webrtc.PeerConnection
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodDelete {
		s.lock.Lock()
		peer := s.peers[r.URL.Path]
		delete(s.peers, r.URL.Path)
		s.lock.Unlock()
		if peer != nil {
			_ = peer.Close()
		}
		return
	}
	offer, _ := io.ReadAll(r.Body)
	peer, err := s.api.NewPeerConnection(webrtc.Configuration{})
	check(err)
	for _, track := range s.tracks {
		sender, err := peer.AddTrack(track)
		check(err)
		go func() { // interceptors see RTCP as it is read
			buffer := make([]byte, 1500)
			for {
				if _, _, err := sender.Read(buffer); err != nil {
					return
				}
			}
		}()
	}
	check(peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: string(offer)}))
	answer, err := peer.CreateAnswer(nil)
	check(err)
	gathered := webrtc.GatheringCompletePromise(peer)
	check(peer.SetLocalDescription(answer))
	<-gathered
	name := fmt.Sprintf("/whep/%p", peer)
	s.lock.Lock()
	s.peers[name] = peer
	s.lock.Unlock()
	w.Header().Set("Location", name)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.Copy(w, strings.NewReader(peer.LocalDescription().SDP))
}

func main() {
	media := &webrtc.MediaEngine{}
	check(media.RegisterDefaultCodecs())
	interceptors := &interceptor.Registry{}
	check(webrtc.RegisterDefaultInterceptors(media, interceptors))
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() && ip.To4() != nil })
	s := &server{peers: map[string]*webrtc.PeerConnection{}}
	s.api = webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(interceptors),
		webrtc.WithSettingEngine(settings))
	var err error
	s.tracks[0], err = webrtc.NewTrackLocalStaticRTP(
		webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000}, "video", "pion")
	check(err)
	s.tracks[1], err = webrtc.NewTrackLocalStaticRTP(
		webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "audio", "pion")
	check(err)
	go play(read(os.Args[1]), s.tracks)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	check(http.Serve(listener, s))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
