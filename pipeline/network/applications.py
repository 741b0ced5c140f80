"""The networks of `keras.applications`: how each wants its input, its published weights, and who made it.

The files are those that Keras asks for when it makes a network with `weights="imagenet", include_top=False`, with the
digests that it has of them; the licences are those that its documentation named. Tests hold files and modes to Keras.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.network.credit import IMAGENET, Background, Credit

_HOST = "https://storage.googleapis.com/"
_FOLDER = f"{_HOST}tensorflow/keras-applications/"

MIT = ("MIT", "https://opensource.org/license/mit")
APACHE = ("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")
BSD = ("BSD-3-Clause", "https://opensource.org/license/bsd-3-clause")
CC_BY = ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")
# Nobody says under which licence the weights are.
UNSAID = (None, None)

_STRIDES = "convolutions that move on by two pixels"
_STRIDES_AND_POOLING = "convolutions that move on by two pixels, and by pooling"
_AVERAGE = (
    "each map is averaged over the whole image, and one fully connected layer turns the averages into a score for each "
    "of the 1,000 classes"
)
_HIDDEN = (
    "each map is averaged over the whole image, and two fully connected layers turn the averages into a score for each "
    "of the 1,000 classes"
)
# As Keras's documentation has it.
_LARGER = f"ImageNet-21k, 14 million photographs in some 21,000 classes, and then from {IMAGENET}"
_TRAINED_ON = dict.fromkeys(("convnextbase", "convnextlarge", "convnextxlarge"), _LARGER)


@dataclass(frozen=True)
class KerasFile:
    """A weights file as `keras.applications` publishes it.

    Attributes:
        name: in Keras's cache.
        url: its address.
        digest: md5 (32 hexadecimal digits) or sha256 (64), None where Keras has none.
    """

    name: str
    url: str
    digest: str | None

    @property
    def algorithm(self) -> str:
        """Name of the digest's algorithm, as `hashlib` has it."""
        return "sha256" if self.digest and len(self.digest) == 64 else "md5"


@dataclass(frozen=True)
class Application:
    """A network of `keras.applications`.

    Attributes:
        function: that makes it.
        preprocessing: mode of its `preprocess_input`; "raw" (0..255) where it does its preprocessing itself.
        weights: its published ImageNet weights, without classifier.
        credit: who made it.
        background: what it is.
    """

    function: str
    preprocessing: str
    weights: KerasFile
    credit: Credit
    background: Background


@dataclass(frozen=True)
class _Family:
    """What the networks of one paper share.

    Attributes:
        authors, title, institution: of the paper.
        arxiv: its number, which begins with year and month.
        plan, smaller, head: as `Background` has them.
        licence: of the weights, and the address of its text.
        preprocessing: as `Application` has it.
        prefix: of the networks' names; what follows it is the network's size.
        file: name of a weights file: `{name}` stands for the network's name, `{size}` for its size.
        address: of a weights file: `{file}` stands for its name.
        digests: of the file of each function.
    """

    authors: str
    title: str
    arxiv: str
    institution: str
    plan: str
    licence: tuple[str | None, str | None]
    preprocessing: str
    prefix: str
    file: str
    address: str
    digests: Mapping[str, str | None]
    smaller: str = _STRIDES
    head: str = _AVERAGE

    def members(self) -> Iterator[tuple[str, Application]]:
        """Yield each network with its name, the function's in lower case."""
        for function, digest in self.digests.items():
            name = function.lower()
            size = name.removeprefix(self.prefix)
            file = self.file.format(name=name, size=size)
            published = KerasFile(file, self.address.format(file=file, size=size), digest)
            background = Background(self.plan, self.smaller, self.head, _TRAINED_ON.get(name, IMAGENET))
            yield name, Application(function, self.preprocessing, published, self._credit(function), background)

    def _credit(self, network: str) -> Credit:
        licence, licence_url = self.licence
        return Credit(
            network=network,
            authors=self.authors,
            title=self.title,
            reference=f"arXiv {self.arxiv}",
            url=f"https://arxiv.org/abs/{self.arxiv}",
            institution=self.institution,
            year=2000 + int(self.arxiv[:2]),
            licence=licence,
            licence_url=licence_url,
        )


_KERNELS = "{name}_weights_tf_dim_ordering_tf_kernels_notop.h5"

_FAMILIES = (
    _Family(
        authors="K. Simonyan and A. Zisserman",
        title="Very Deep Convolutional Networks for Large-Scale Image Recognition",
        arxiv="1409.1556",
        institution="Visual Geometry Group, University of Oxford",
        plan="3 × 3 convolutions in five blocks, with a max-pooling after each",
        licence=CC_BY,
        preprocessing="caffe",
        prefix="vgg",
        file=_KERNELS,
        address=f"{_FOLDER}vgg{{size}}/{{file}}",
        digests={
            "VGG16": "6d6bbae143d832006294945121d1f1fc",
            "VGG19": "253f8cb515780f3b799900260a226db6",
        },
        smaller="max-poolings, which keep the largest of every 2 × 2 values",
        head="one more max-pooling and three fully connected layers (two of 4,096 units, one of 1,000) turn the maps "
        "into a score for each of the 1,000 classes",
    ),
    _Family(
        authors="K. He, X. Zhang, S. Ren and J. Sun",
        title="Deep Residual Learning for Image Recognition",
        arxiv="1512.03385",
        institution="Microsoft Research",
        plan="blocks of three convolutions (1 × 1, 3 × 3, 1 × 1) whose result is added to what the block read",
        licence=MIT,
        preprocessing="caffe",
        prefix="resnet",
        file=_KERNELS,
        address=f"{_FOLDER}resnet/{{file}}",
        digests={
            "ResNet50": "4d473c1dd8becc155b73f8504c6f6626",
            "ResNet101": "88cf7a10940856eca736dc7b7e228a21",
            "ResNet152": "ee4c566cf9a93f14d82f913c2dc6dd0c",
        },
        smaller=_STRIDES_AND_POOLING,
    ),
    _Family(
        authors="K. He, X. Zhang, S. Ren and J. Sun",
        title="Identity Mappings in Deep Residual Networks",
        arxiv="1603.05027",
        institution="Microsoft Research; weights trained by Facebook",
        plan="blocks of three convolutions (1 × 1, 3 × 3, 1 × 1), each after a normalisation and ReLU, whose "
        "result is added to what the block read",
        licence=BSD,
        preprocessing="tf",
        prefix="resnet",
        file=_KERNELS,
        address=f"{_FOLDER}resnet/{{file}}",
        digests={
            "ResNet50V2": "fac2f116257151a9d068a22e544a4917",
            "ResNet101V2": "c0ed64b8031c3730f411d2eb4eea35b5",
            "ResNet152V2": "ed17cf2e0169df9d443503ef94b23b33",
        },
        smaller=_STRIDES_AND_POOLING,
    ),
    _Family(
        authors="C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna",
        title="Rethinking the Inception Architecture for Computer Vision",
        arxiv="1512.00567",
        institution="Google",
        plan="modules in which convolutions of several sizes read the same maps side by side",
        licence=APACHE,
        preprocessing="tf",
        prefix="inception",
        file="inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        address=f"{_FOLDER}inception_v3/{{file}}",
        digests={
            "InceptionV3": "bcbd6486424b2319ff4ef7d526e38f63",
        },
        smaller=_STRIDES_AND_POOLING,
    ),
    _Family(
        authors="C. Szegedy, S. Ioffe, V. Vanhoucke and A. Alemi",
        title="Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning",
        arxiv="1602.07261",
        institution="Google",
        plan="modules in which convolutions of several sizes read the same maps side by side, and whose result "
        "is added to what they read",
        licence=APACHE,
        preprocessing="tf",
        prefix="inceptionresnet",
        file="inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        address=f"{_FOLDER}inception_resnet_v2/{{file}}",
        digests={
            "InceptionResNetV2": "d19885ff4a710c122648d3b5c3b684e4",
        },
        smaller=_STRIDES_AND_POOLING,
    ),
    _Family(
        authors="F. Chollet",
        title="Xception: Deep Learning with Depthwise Separable Convolutions",
        arxiv="1610.02357",
        institution="Google",
        plan="depthwise separable convolutions: each channel is filtered by itself, and then the channels are mixed",
        licence=MIT,
        preprocessing="tf",
        prefix="xception",
        file=_KERNELS,
        address=f"{_FOLDER}xception/{{file}}",
        digests={
            "Xception": "b0042744bf5b25fce3cb969f33bebb97",
        },
        smaller=_STRIDES_AND_POOLING,
    ),
    _Family(
        authors="G. Huang, Z. Liu, L. van der Maaten and K. Q. Weinberger",
        title="Densely Connected Convolutional Networks",
        arxiv="1608.06993",
        institution="Cornell University, Tsinghua University, Facebook AI Research",
        plan="dense blocks, in which each layer reads the maps of all layers of its block before it",
        licence=BSD,
        preprocessing="torch",
        prefix="densenet",
        file=_KERNELS,
        address=f"{_FOLDER}densenet/{{file}}",
        digests={
            "DenseNet121": "30ee3e1110167f948a6b9946edeeb738",
            "DenseNet169": "b8c4d4c20dd625c148057b9ff1c1176b",
            "DenseNet201": "c13680b51ded0fb44dff2d8f86ac8bb1",
        },
        smaller=_STRIDES_AND_POOLING,
    ),
    _Family(
        authors="B. Zoph, V. Vasudevan, J. Shlens and Q. V. Le",
        title="Learning Transferable Architectures for Scalable Image Recognition",
        arxiv="1707.07012",
        institution="Google",
        plan="cells of separable convolutions and poolings, whose plan was found by an automatic search",
        licence=APACHE,
        preprocessing="tf",
        prefix="nasnet",
        file="nasnet_{size}_no_top.h5",
        address=f"{_FOLDER}nasnet/NASNet-{{size}}-no-top.h5",
        digests={
            "NASNetMobile": "1ed92395b5b598bdda52abe5c0dbfd63",
            "NASNetLarge": "d81d89dc07e6e56530c4e77faddd61b5",
        },
        smaller=_STRIDES_AND_POOLING,
    ),
    _Family(
        authors="A. G. Howard, M. Zhu, B. Chen, D. Kalenichenko, W. Wang, T. Weyand, M. Andreetto and H. Adam",
        title="MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
        arxiv="1704.04861",
        institution="Google",
        plan="depthwise separable convolutions, which are cheap enough for a telephone: each channel is filtered "
        "by itself, and then the channels are mixed",
        licence=APACHE,
        preprocessing="tf",
        prefix="mobilenet",
        file="mobilenet_1_0_224_tf_no_top.h5",
        address=f"{_FOLDER}mobilenet/{{file}}",
        digests={
            "MobileNet": None,
        },
    ),
    _Family(
        authors="M. Sandler, A. Howard, M. Zhu, A. Zhmoginov and L.-C. Chen",
        title="MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        arxiv="1801.04381",
        institution="Google",
        plan="blocks that widen their input to more channels, filter each by itself (depthwise), and narrow them again",
        licence=APACHE,
        preprocessing="tf",
        prefix="mobilenet",
        file="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        address=f"{_FOLDER}mobilenet_v2/{{file}}",
        digests={
            "MobileNetV2": None,
        },
    ),
    _Family(
        authors="A. Howard, M. Sandler, G. Chu, L.-C. Chen, B. Chen, M. Tan, W. Wang, Y. Zhu, R. Pang, V. Vasudevan, "
        "Q. V. Le and H. Adam",
        title="Searching for MobileNetV3",
        arxiv="1905.02244",
        institution="Google",
        plan="blocks that widen their input to more channels, filter each by itself (depthwise), and narrow them "
        "again, arranged by an automatic search; some have a gate for each channel",
        licence=UNSAID,
        preprocessing="raw",
        prefix="mobilenetv3",
        file="weights_mobilenet_v3_{size}_224_1.0_float_no_top_v2.h5",
        address=f"{_FOLDER}mobilenet_v3/{{file}}",
        digests={
            "MobileNetV3Small": "d3e8ec802a04aa4fc771ee12a9a9b836",
            "MobileNetV3Large": "07fb09a5933dd0c8eaafa16978110389",
        },
        head=_HIDDEN,
    ),
    _Family(
        authors="M. Tan and Q. V. Le",
        title="EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
        arxiv="1905.11946",
        institution="Google",
        plan="blocks that widen their input to more channels, filter each by itself (depthwise), weigh each by a "
        "gate, and narrow them again",
        licence=UNSAID,
        preprocessing="raw",
        prefix="efficientnet",
        file="{name}_notop.h5",
        address=f"{_HOST}keras-applications/{{file}}",
        digests={
            "EfficientNetB0": "50bc09e76180e00e4465e1a485ddc09d",
            "EfficientNetB1": "74c4e6b3e1f6a1eea24c589628592432",
            "EfficientNetB2": "111f8e2ac8aa800a7a99e3239f7bfb39",
            "EfficientNetB3": "af6d107764bb5b1abb91932881670226",
            "EfficientNetB4": "ebc24e6d6c33eaebbd558eafbeedf1ba",
            "EfficientNetB5": "38879255a25d3c92d5e44e04ae6cec6f",
            "EfficientNetB6": "9ecce42647a20130c1f39a5d4cb75743",
            "EfficientNetB7": "cbcfe4450ddf6f3ad90b1b398090fe4a",
        },
    ),
    _Family(
        authors="M. Tan and Q. V. Le",
        title="EfficientNetV2: Smaller Models and Faster Training",
        arxiv="2104.00298",
        institution="Google",
        plan="blocks that widen their input to more channels, filter it, and narrow it again; the late ones "
        "filter each channel by itself (depthwise) and weigh it by a gate",
        licence=UNSAID,
        preprocessing="raw",
        prefix="efficientnetv2",
        file="efficientnetv2-{size}_notop.h5",
        address=f"{_FOLDER}efficientnet_v2/{{file}}",
        digests={
            "EfficientNetV2B0": "893217f2bb855e2983157299931e43ff",
            "EfficientNetV2B1": "0e80663031ca32d657f9caa404b6ec37",
            "EfficientNetV2B2": "1dfe2e7a5d45b6632553a8961ea609eb",
            "EfficientNetV2B3": "f6abf7b5849ac99a89b50dd3fd532856",
            "EfficientNetV2S": "af0682fb74e8c54910f2d4393339c070",
            "EfficientNetV2M": "1b8dc055df72dde80d614482840fe342",
            "EfficientNetV2L": "b0b66b5c863aef5b46e8608fe1711615",
        },
    ),
    _Family(
        authors="Z. Liu, H. Mao, C.-Y. Wu, C. Feichtenhofer, T. Darrell and S. Xie",
        title="A ConvNet for the 2020s",
        arxiv="2201.03545",
        institution="Facebook AI Research, UC Berkeley",
        plan="blocks of a 7 × 7 depthwise convolution and two 1 × 1 convolutions, whose result is added to what "
        "the block read",
        licence=UNSAID,
        preprocessing="raw",
        prefix="convnext",
        file="convnext_{size}_notop.h5",
        address=f"{_FOLDER}convnext/{{file}}",
        digests={
            "ConvNeXtTiny": "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
            "ConvNeXtSmall": "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
            "ConvNeXtBase": "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
            "ConvNeXtLarge": "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
            "ConvNeXtXLarge": "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
        },
        smaller="convolutions that move on by as many pixels as they are wide",
    ),
)

APPLICATIONS: Mapping[str, Application] = dict(member for family in _FAMILIES for member in family.members())
